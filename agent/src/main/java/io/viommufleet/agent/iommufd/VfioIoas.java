package io.viommufleet.agent.iommufd;

import static io.viommufleet.agent.iommufd.system.Errno.ENODEV;
import static io.viommufleet.agent.iommufd.system.Errno.EOPNOTSUPP;

import io.viommufleet.agent.iommufd.system.KernelFailure;

/**
 * VFIO_IOAS: which IOAS the VFIO container calls on the context use.
 *
 * @param ioasId to set
 * @param op {@link #GET}, {@link #SET} or {@link #CLEAR}
 * @param reserved must be 0
 */
public record VfioIoas(int ioasId, int op, int reserved) implements Ioctl<VfioIoas.Current> {
    /** IOMMU_VFIO_IOAS_GET. */
    public static final int GET = 0;

    /** IOMMU_VFIO_IOAS_SET. */
    public static final int SET = 1;

    /** IOMMU_VFIO_IOAS_CLEAR. */
    public static final int CLEAR = 2;

    /**
     * The IOAS in use.
     *
     * @param ioasId its id after GET, else as given
     */
    public record Current(int ioasId) {}

    @Override
    public String name() {
        return "VFIO_IOAS";
    }

    @Override
    public Current execute(Iommufd context) throws KernelFailure {
        if (reserved != 0) {
            throw EOPNOTSUPP.failure();
        }
        switch (op) {
            case GET -> {
                Ioas ioas = context.compatIoas();
                if (ioas == null) {
                    throw ENODEV.failure();
                }
                return new Current(ioas.id());
            }
            case SET -> context.setCompatIoas(context.get(ioasId, Ioas.class));
            case CLEAR -> context.setCompatIoas(null);
            default -> throw EOPNOTSUPP.failure();
        }
        return new Current(ioasId);
    }
}
