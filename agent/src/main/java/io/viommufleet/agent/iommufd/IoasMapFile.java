package io.viommufleet.agent.iommufd;

import static io.viommufleet.agent.iommufd.system.Errno.EBADF;
import static io.viommufleet.agent.iommufd.system.Errno.EINVAL;
import static io.viommufleet.agent.iommufd.system.Errno.ENODEV;
import static io.viommufleet.agent.iommufd.system.Errno.EOVERFLOW;
import static io.viommufleet.agent.iommufd.system.PageMath.PAGE_SIZE;
import static io.viommufleet.agent.iommufd.system.PageMath.addOverflows;
import static io.viommufleet.agent.iommufd.system.PageMath.below;
import static io.viommufleet.agent.iommufd.system.PageMath.offsetInPage;
import static io.viommufleet.agent.iommufd.system.PageMath.pageOf;

import io.viommufleet.agent.iommufd.system.KernelFailure;
import io.viommufleet.agent.iommufd.system.OpenFile;
import io.viommufleet.agent.iommufd.system.RegularFile;
import io.viommufleet.agent.iommufd.system.UserProcess;

/**
 * IOAS_MAP_FILE: maps a piece of a file or of a dma-buf.
 *
 * @param flags {@link MapFlags}
 * @param ioasId where
 * @param fd descriptor of the file
 * @param start offset in the file
 * @param lengthBytes how much
 * @param iova wanted IOVA, used with FIXED_IOVA only but always checked
 */
public record IoasMapFile(int flags, int ioasId, int fd, long start, long lengthBytes, long iova)
        implements Ioctl<IoasMap.Mapped> {
    @Override
    public String name() {
        return "IOAS_MAP_FILE";
    }

    @Override
    public IoasMap.Mapped execute(Iommufd context) throws KernelFailure {
        MapFlags.checkKnown(flags, 0);
        MapFlags.checkBelowMaximum(iova, lengthBytes);
        MapFlags.checkProtection(flags);
        Ioas ioas = context.get(ioasId, Ioas.class);
        if (lengthBytes == 0) {
            throw EINVAL.failure();
        }
        if (addOverflows(start, lengthBytes - 1)) {
            throw EOVERFLOW.failure();
        }
        if (below(-1L - PAGE_SIZE, lengthBytes)) {
            throw EINVAL.failure();
        }
        UserProcess process = context.currentProcess();
        Pages pages = new Pages(
                source(process), context.accountOf(process), pageOf(start), (flags & MapFlags.WRITEABLE) != 0);
        return new IoasMap.Mapped(ioas.map(new Ioas.Piece(pages, offsetInPage(start), lengthBytes), iova, flags));
    }

    private PageSource source(UserProcess process) throws KernelFailure {
        OpenFile file = process.files().get(fd);
        return switch (file) {
            case null -> throw EBADF.failure();
            case Dmabuf buffer -> checked(buffer);
            case RegularFile regular -> new PageSource.FromFile(regular.memory());
            default -> new PageSource.FromFile(null);
        };
    }

    private PageSource checked(Dmabuf buffer) throws KernelFailure {
        if (!below(start + lengthBytes - 1, buffer.sizeBytes())) {
            throw EINVAL.failure();
        }
        if (buffer.isRevoked()) {
            throw ENODEV.failure();
        }
        return new PageSource.FromDmabuf(buffer);
    }
}
