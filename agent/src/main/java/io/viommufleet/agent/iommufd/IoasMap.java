package io.viommufleet.agent.iommufd;

import static io.viommufleet.agent.iommufd.system.Errno.EINVAL;
import static io.viommufleet.agent.iommufd.system.Errno.EOVERFLOW;
import static io.viommufleet.agent.iommufd.system.PageMath.PAGE_SIZE;
import static io.viommufleet.agent.iommufd.system.PageMath.addOverflows;
import static io.viommufleet.agent.iommufd.system.PageMath.below;
import static io.viommufleet.agent.iommufd.system.PageMath.offsetInPage;
import static io.viommufleet.agent.iommufd.system.PageMath.pageOf;

import io.viommufleet.agent.iommufd.KernelBehaviour.Trait;
import io.viommufleet.agent.iommufd.system.KernelFailure;
import io.viommufleet.agent.iommufd.system.UserProcess;

/**
 * IOAS_MAP: maps memory of the calling process.
 *
 * @param flags {@link MapFlags}
 * @param ioasId where
 * @param userVa address of the memory
 * @param lengthBytes how much
 * @param iova wanted IOVA, used with FIXED_IOVA only but always checked
 * @param reserved must be 0
 */
public record IoasMap(int flags, int ioasId, long userVa, long lengthBytes, long iova, int reserved)
        implements Ioctl<IoasMap.Mapped> {
    /**
     * The new area.
     *
     * @param iova its first IOVA
     */
    public record Mapped(long iova) {}

    /** With the reserved field as it should be. */
    public IoasMap(int flags, int ioasId, long userVa, long lengthBytes, long iova) {
        this(flags, ioasId, userVa, lengthBytes, iova, 0);
    }

    @Override
    public String name() {
        return "IOAS_MAP";
    }

    @Override
    public Mapped execute(Iommufd context) throws KernelFailure {
        MapFlags.checkKnown(flags, reserved);
        MapFlags.checkBelowMaximum(iova, lengthBytes);
        MapFlags.checkProtection(flags);
        Ioas ioas = context.get(ioasId, Ioas.class);
        checkMemory(context, userVa, lengthBytes);
        return new Mapped(map(context, ioas, flags, userVa, lengthBytes, iova));
    }

    /** Maps memory whose address and length were checked. */
    static long map(Iommufd context, Ioas ioas, int flags, long userVa, long lengthBytes, long iova)
            throws KernelFailure {
        UserProcess process = context.currentProcess();
        Pages pages = new Pages(
                context.memoryOf(process),
                context.accountOf(process),
                pageOf(userVa),
                (flags & MapFlags.WRITEABLE) != 0);
        return ioas.map(new Ioas.Piece(pages, offsetInPage(userVa), lengthBytes), iova, flags);
    }

    /** Refuses memory that wraps (EOVERFLOW) or whose length is out of bounds (EINVAL), in the order of the kernel. */
    static void checkMemory(Iommufd context, long userVa, long lengthBytes) throws KernelFailure {
        boolean wraps = addOverflows(userVa, lengthBytes);
        if (wraps && context.kernel().behaviour().has(Trait.MAP_CHECKS_OVERFLOW_FIRST)) {
            throw EOVERFLOW.failure();
        }
        if (lengthBytes == 0 || below(-1L - PAGE_SIZE, lengthBytes)) {
            throw EINVAL.failure();
        }
        if (wraps) {
            throw EOVERFLOW.failure();
        }
    }
}
