package io.viommufleet.agent.vfio;

/**
 * VFIO_DEVICE_ATTACH_IOMMUFD_PT.
 *
 * @param argsz size that the caller gave, unsigned
 * @param flags {@link VfioFlags#PASID} or 0
 * @param ptId IOAS or HWPT
 * @param pasid with the PASID flag
 */
public record AttachPt(int argsz, int flags, int ptId, int pasid) {
    /** Smallest size. */
    public static final int MIN_BYTES = 12;

    /** Size with the PASID. */
    public static final int FULL_BYTES = 16;

    /**
     * The attachment.
     *
     * @param ptId HWPT in use
     */
    public record Attached(int ptId) {}

    /** The device itself. */
    public AttachPt(int ptId) {
        this(MIN_BYTES, 0, ptId, 0);
    }
}
