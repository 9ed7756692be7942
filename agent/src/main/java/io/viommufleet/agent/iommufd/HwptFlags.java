package io.viommufleet.agent.iommufd;

/** The flags of HWPT_ALLOC. */
public final class HwptFlags {
    /** IOMMU_HWPT_ALLOC_NEST_PARENT: guests' stage 1 may stand on it. */
    public static final int NEST_PARENT = 1;

    /** IOMMU_HWPT_ALLOC_DIRTY_TRACKING. */
    public static final int DIRTY_TRACKING = 2;

    /** IOMMU_HWPT_FAULT_ID_VALID: page faults go to the fault queue given. */
    public static final int FAULT_ID_VALID = 4;

    /** IOMMU_HWPT_ALLOC_PASID: PASIDs may be attached. */
    public static final int PASID = 8;

    private HwptFlags() {}
}
