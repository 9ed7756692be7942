package io.viommufleet.common.model;

import java.util.List;
import java.util.Optional;

/**
 * One PCI function of a host. What could not be found out is empty, and counts as "cannot".
 *
 * @param bdf address on the host
 * @param vendor PCI vendor id, 16 bits
 * @param device PCI device id, 16 bits
 * @param deviceClass PCI class code, 24 bits
 * @param group number of its iommu group
 * @param iommu id of the {@link HostIommu} it is behind
 * @param numa NUMA node
 * @param driver bound kernel driver; empty for none
 * @param pasidBits width of the PASIDs that it can issue; 0 for none
 * @param physicalFunction of a virtual function
 * @param virtualFunctions of a physical function, those that exist now
 * @param reservedRegions of its iommu group, as the kernel lists them; those that its IOMMU's driver reserves for every
 *     device need not be among them
 * @param canReset a function-level or bus reset works
 * @param canMigrate its vfio driver supports migration
 * @param cdev name of its VFIO character device, such as {@code vfio3}; empty for none, and where nobody said
 */
public record HostDevice(
        Bdf bdf,
        int vendor,
        int device,
        int deviceClass,
        Optional<Integer> group,
        Optional<String> iommu,
        Optional<Integer> numa,
        Optional<String> driver,
        int pasidBits,
        Optional<Bdf> physicalFunction,
        List<Bdf> virtualFunctions,
        List<ReservedRegion> reservedRegions,
        Optional<Boolean> canReset,
        Optional<Boolean> canMigrate,
        Optional<String> cdev) {
    private static final int BASE_CLASS_BRIDGE = 0x06;
    /** Subclasses PCI-to-PCI, CardBus and semi-transparent PCI-to-PCI (PCI Code and ID Assignment Specification). */
    private static final List<Integer> BRIDGES_TO_PCI = List.of(0x04, 0x07, 0x09);

    private static final String VFIO_PCI = "vfio-pci";

    public HostDevice {
        virtualFunctions = List.copyOf(virtualFunctions);
        reservedRegions = List.copyOf(reservedRegions);
    }

    /** A bridge of any kind, which no VM is given. */
    public boolean bridge() {
        return deviceClass >>> 16 == BASE_CLASS_BRIDGE;
    }

    /**
     * A bridge to another PCI bus. It stays with the host whatever group it is in, and its driver keeps nobody from the
     * group; the drivers of other bridges, such as that to ISA, do DMA of their own and keep the group for the kernel.
     */
    public boolean pciBridge() {
        return bridge() && BRIDGES_TO_PCI.contains(deviceClass >>> 8 & 0xff);
    }

    /** Whether userspace can open it through VFIO now. */
    public boolean boundToVfio() {
        return driver.filter(VFIO_PCI::equals).isPresent();
    }
}
