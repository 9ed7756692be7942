package io.viommufleet.common.feasibility;

/**
 * What a virtio-iommu device announces in its configuration space.
 *
 * @param pageSizeMask one bit per supported page size; the lowest is the granule
 * @param range usable IOVAs
 */
public record VirtioIommuProperties(long pageSizeMask, AddressRange range) implements IommuRegisters {
    @Override
    public String type() {
        return "virtio-iommu";
    }
}
