package io.viommufleet.agent.host.driver;

import io.viommufleet.agent.iommufd.driver.IommuGroup;
import io.viommufleet.agent.iommufd.driver.ReservedRegion;
import java.util.List;

/**
 * A PCI function as an IOMMU driver finds it.
 *
 * @param name PCI address with domain
 * @param group iommu group; the device is added to it when it is probed
 * @param reservedRegions as sysfs lists them for the group
 * @param pasidBits width of the PASIDs that the function supports and has enabled, 0 for none
 * @param coherentWriteBack SMMUv3: firmware says that the device's DMA is fully coherent (CANWBS)
 * @param ats whether address translation services are usable
 * @param directMappingsRequired whether firmware insists on one-to-one mappings that cannot be relaxed
 */
public record PhysicalDevice(
        String name,
        IommuGroup group,
        List<ReservedRegion> reservedRegions,
        int pasidBits,
        boolean coherentWriteBack,
        boolean ats,
        boolean directMappingsRequired) {
    /** Keeps its own copy of the regions. */
    public PhysicalDevice {
        reservedRegions = List.copyOf(reservedRegions);
    }

    /** A function without PASIDs and special needs. */
    public PhysicalDevice(String name, IommuGroup group, List<ReservedRegion> reservedRegions) {
        this(name, group, reservedRegions, 0, false, false, false);
    }

    /** PASIDs that can be used with an IOMMU that tells {@code iommuPasidBits} wide ones apart; 0 without. */
    int maxPasids(int iommuPasidBits) {
        int bits = Math.min(pasidBits, iommuPasidBits);
        return bits == 0 ? 0 : 1 << bits;
    }
}
