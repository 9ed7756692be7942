package io.viommufleet.agent.vfio;

/**
 * VFIO_DEVICE_DETACH_IOMMUFD_PT.
 *
 * @param argsz size that the caller gave, unsigned
 * @param flags {@link VfioFlags#PASID} or 0
 * @param pasid with the PASID flag
 */
public record DetachPt(int argsz, int flags, int pasid) {
    /** Smallest size. */
    public static final int MIN_BYTES = 8;

    /** Size with the PASID. */
    public static final int FULL_BYTES = 12;

    /** The device itself. */
    public DetachPt() {
        this(MIN_BYTES, 0, 0);
    }
}
