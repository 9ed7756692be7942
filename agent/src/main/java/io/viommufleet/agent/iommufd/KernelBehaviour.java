package io.viommufleet.agent.iommufd;

/**
 * What differs between the kernels that are modelled, one named answer per difference. Nothing else in the emulation asks for a version. Measured on
 * 6.12.117 and 7.0.0, or read in the uapi of both.
 *
 * @param name of the kernel series
 * @param lastIoctl number of the last iommufd ioctl; those beyond are ENOTTY
 * @param pasids HWPT_ALLOC knows the PASID flag, and devices attach PASIDs (not in 6.12)
 * @param faultsOnPagingHwpt FAULT_ID_VALID is allowed for an IOAS (6.12: EOPNOTSUPP)
 * @param hardwareInfoByType GET_HW_INFO knows INPUT_TYPE, the PASID width and the ATS bit (6.12: flags must be 0)
 * @param bindKnownBytes size that VFIO_DEVICE_BIND_IOMMUFD knows: 24 with the token (6.12: 16)
 * @param attachKnowsPasid VFIO_DEVICE_ATTACH_IOMMUFD_PT and DETACH know the PASID flag
 * @param mapChecksOverflowFirst IOAS_MAP reports user_va + length overflowing before a length out of bounds (6.12: after)
 * @param invalidateTellsWrongType HWPT_INVALIDATE of an existing object of another type is EINVAL (6.12: ENOENT)
 * @param invalidateLimitsEntries HWPT_INVALIDATE refuses entries beyond a page and more than 2^19 of them, before it looks for the object (6.12; not 7.0)
 * @param dirtyReadRefusesNothing GET_DIRTY_BITMAP of no bytes is EINVAL (6.12; in 7.0 the end wraps, EOVERFLOW)
 * @param dirtyReadNeedsTracking GET_DIRTY_BITMAP finds nothing while tracking is off (6.12; 7.0 reads regardless)
 * @param readOnlyParentMapsRefused VT-d refuses a read-only map in a nesting parent with EINVAL (6.12; 7.0 writes it writeable)
 * @param firstStageByDefault VT-d takes the first stage for a domain without flags (not 6.12)
 * @param amdTellsHardwareInfo AMD answers GET_HW_INFO with type 4 (6.12: nothing)
 * @param tombstones a vdevice whose device goes away leaves its id unusable
 */
public record KernelBehaviour(
        String name,
        int lastIoctl,
        boolean pasids,
        boolean faultsOnPagingHwpt,
        boolean hardwareInfoByType,
        int bindKnownBytes,
        boolean attachKnowsPasid,
        boolean mapChecksOverflowFirst,
        boolean invalidateTellsWrongType,
        boolean invalidateLimitsEntries,
        boolean dirtyReadRefusesNothing,
        boolean dirtyReadNeedsTracking,
        boolean readOnlyParentMapsRefused,
        boolean firstStageByDefault,
        boolean amdTellsHardwareInfo,
        boolean tombstones) {
    /** Linux 6.12: nesting, dirty tracking and faults; no viommu objects. */
    public static final KernelBehaviour LINUX_6_12 = new KernelBehaviour(
            "6.12", 0x3b8e, false, false, false, 16, false, false, false, true, true, true, true, false, false, false);

    /** Linux 7.0: everything of the uapi up to HW_QUEUE_ALLOC. */
    public static final KernelBehaviour LINUX_7_0 = new KernelBehaviour(
            "7.0", 0x3b94, true, true, true, 24, true, true, true, false, false, false, false, true, true, true);

    /** The newest modelled kernel that is not above {@code major.minor}; the oldest for anything older. */
    public static KernelBehaviour of(int major, int minor) {
        return major >= 7 ? LINUX_7_0 : LINUX_6_12;
    }
}
