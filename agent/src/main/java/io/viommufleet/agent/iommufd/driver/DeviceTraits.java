package io.viommufleet.agent.iommufd.driver;

/**
 * What holds for a device behind its IOMMU.
 *
 * @param cacheCoherent DMA snoops caches, without which VFIO does not bind
 * @param enforcesCoherency domains can force DMA to snoop
 * @param isolatedMsi interrupts cannot be forged
 * @param directMappingsRequired firmware insists on one-to-one maps, so that user space may not own it
 * @param dirtyTracking domains can track dirty pages
 * @param pci whether it is a PCI function
 * @param maxPasids PASIDs that device and IOMMU can use together; 0 without
 * @param atsUsable address translation services work
 */
public record DeviceTraits(
        boolean cacheCoherent,
        boolean enforcesCoherency,
        boolean isolatedMsi,
        boolean directMappingsRequired,
        boolean dirtyTracking,
        boolean pci,
        int maxPasids,
        boolean atsUsable) {}
