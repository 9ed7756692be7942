package io.viommufleet.agent.iommufd;

import static io.viommufleet.agent.iommufd.system.Errno.EINVAL;
import static io.viommufleet.agent.iommufd.system.Errno.EOPNOTSUPP;
import static io.viommufleet.agent.iommufd.system.Errno.EOVERFLOW;

import io.viommufleet.agent.iommufd.system.KernelFailure;

/** The flags that IOAS_MAP, IOAS_MAP_FILE and IOAS_COPY share. */
public final class MapFlags {
    /** IOMMU_IOAS_MAP_FIXED_IOVA: the caller chose the IOVA. */
    public static final int FIXED_IOVA = 1;

    /** IOMMU_IOAS_MAP_WRITEABLE: DMA may write. */
    public static final int WRITEABLE = 2;

    /** IOMMU_IOAS_MAP_READABLE: DMA may read. */
    public static final int READABLE = 4;

    private static final int ALL = FIXED_IOVA | WRITEABLE | READABLE;

    private MapFlags() {}

    static void checkKnown(int flags, int reserved) throws KernelFailure {
        if ((flags & ~ALL) != 0 || reserved != 0) {
            throw EOPNOTSUPP.failure();
        }
    }

    /** Addresses and lengths of all ones cannot be expressed inclusively. */
    static void checkBelowMaximum(long first, long second) throws KernelFailure {
        if (first == -1L || second == -1L) {
            throw EOVERFLOW.failure();
        }
    }

    static void checkProtection(int flags) throws KernelFailure {
        if ((flags & (READABLE | WRITEABLE)) == 0) {
            throw EINVAL.failure();
        }
    }

    static boolean fixed(int flags) {
        return (flags & FIXED_IOVA) != 0;
    }
}
