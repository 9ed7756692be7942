package io.viommufleet.common.viommu;

/**
 * What a vIOMMU tells VFIO about the devices behind it (QEMU {@code pci_device_get_viommu_flags}).
 *
 * <p>Flags cross components by name only: the bits above the first have had different meanings in different versions
 * of QEMU.
 */
public enum ViommuFlag {
    /** Make the device's HWPT a nesting parent, on which the vIOMMU can put nested HWPTs. */
    WANT_NESTING_PARENT,
    /** The guest may see a PASID capability on the device. */
    PASID_SUPPORTED,
    /** Make the HWPT fit for attaching PASIDs, on a device that has them. */
    WANT_PASID_ATTACH,
    /** Track dirty pages on the nesting parent too, on a host that can. */
    WANT_NESTING_DIRTY_TRACKING
}
