package io.viommufleet.agent.iommufd;

import static io.viommufleet.agent.iommufd.system.Errno.EINVAL;
import static io.viommufleet.agent.iommufd.system.Errno.EOVERFLOW;
import static io.viommufleet.agent.iommufd.system.PageMath.addOverflows;

import io.viommufleet.agent.iommufd.system.KernelFailure;
import java.util.List;

/**
 * IOAS_COPY: maps the memory behind a range of one IOAS into another (or the same), sharing its pages.
 *
 * @param flags {@link MapFlags}
 * @param dstIoasId where to
 * @param srcIoasId where from
 * @param lengthBytes how much; any part of what is mapped without a gap
 * @param dstIova wanted IOVA, used with FIXED_IOVA only but always checked
 * @param srcIova first IOVA of the source
 */
public record IoasCopy(int flags, int dstIoasId, int srcIoasId, long lengthBytes, long dstIova, long srcIova)
        implements Ioctl<IoasMap.Mapped> {
    @Override
    public String name() {
        return "IOAS_COPY";
    }

    @Override
    public IoasMap.Mapped execute(Iommufd context) throws KernelFailure {
        MapFlags.checkKnown(flags, 0);
        MapFlags.checkBelowMaximum(lengthBytes, srcIova);
        MapFlags.checkBelowMaximum(dstIova, 0);
        MapFlags.checkProtection(flags);
        Ioas source = context.get(srcIoasId, Ioas.class);
        if (lengthBytes == 0) {
            throw EINVAL.failure();
        }
        if (addOverflows(srcIova, lengthBytes - 1)) {
            throw EOVERFLOW.failure();
        }
        List<Ioas.Piece> pieces = source.pieces(srcIova, srcIova + lengthBytes - 1);
        Ioas destination = context.get(dstIoasId, Ioas.class);
        return new IoasMap.Mapped(destination.map(pieces, lengthBytes, dstIova, flags));
    }
}
