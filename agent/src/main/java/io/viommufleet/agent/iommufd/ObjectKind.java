package io.viommufleet.agent.iommufd;

/** What an object id can stand for. */
public enum ObjectKind {
    /** I/O address space. */
    IOAS,
    /** Page table that the kernel fills from an IOAS. */
    HWPT_PAGING,
    /** Stage 1 that a guest fills. */
    HWPT_NESTED,
    /** Bound device. */
    DEVICE,
    /** In-kernel user of an IOAS. */
    ACCESS,
    /** Page-fault queue. */
    FAULT,
    /** Slice of an IOMMU given to a guest. */
    VIOMMU,
    /** Device as the guest's vIOMMU names it. */
    VDEVICE,
    /** Queue of a viommu's events. */
    VEVENTQ,
    /** Hardware queue in guest memory. */
    HW_QUEUE,
    /** Mock device. */
    SELFTEST
}
