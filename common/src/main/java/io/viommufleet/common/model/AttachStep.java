package io.viommufleet.common.model;

/** The steps of QEMU's attach path on the iommufd backend, in order; VERIFY, DETACH, RESET and HAND_OVER are ours. */
public enum AttachStep {
    /** The command itself: certificate, rules version, device present and free. */
    VERIFY,
    /** Address space support of the vIOMMU, before anything is opened. */
    ADDRESS_SPACE,
    OPEN_CDEV,
    BIND,
    IOAS_ALLOC,
    GET_HW_INFO,
    HWPT_ALLOC,
    ATTACH,
    IOVA_RANGES,
    MAP_RAM,
    DEVICE_GET_INFO,
    /** HostIOMMUDevice realize. */
    REALIZE_HIOD,
    /** The vIOMMU compares guest and host, and may allocate its own objects. */
    SET_IOMMU_DEVICE,
    /** VFIO registers an IOMMU notifier with the vIOMMU. */
    REGISTER_NOTIFIER,
    DETACH,
    /** The device is reset on release, before anybody else may have it. */
    RESET,
    /** The source of a live migration tracks what devices write. */
    HAND_OVER
}
