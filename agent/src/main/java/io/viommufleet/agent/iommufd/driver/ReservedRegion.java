package io.viommufleet.agent.iommufd.driver;

import io.viommufleet.agent.iommufd.iova.IovaRange;

/**
 * IOVAs that a device may not use freely, as {@code iommu_groups/N/reserved_regions} lists them.
 *
 * @param range affected IOVAs
 * @param type why
 */
public record ReservedRegion(IovaRange range, Type type) {
    /** Why a region is reserved. */
    public enum Type {
        /** Firmware wants it mapped one to one. */
        DIRECT,
        /** The same, but not needed once the device is given away. */
        DIRECT_RELAXABLE,
        /** Never translated. */
        RESERVED,
        /** Interrupts by hardware. */
        MSI,
        /** Where software places interrupt doorbells. */
        SOFTWARE_MSI
    }
}
