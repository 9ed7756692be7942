package io.viommufleet.agent.iommufd;

import static io.viommufleet.agent.iommufd.system.Errno.EINVAL;
import static io.viommufleet.agent.iommufd.system.Errno.ENOENT;
import static io.viommufleet.agent.iommufd.system.Errno.EOVERFLOW;
import static io.viommufleet.agent.iommufd.system.PageMath.addOverflows;

import io.viommufleet.agent.iommufd.system.KernelFailure;

/**
 * IOAS_UNMAP: unmaps the whole areas inside a range. 0 and 2^64-1 stand for everything, which may be nothing.
 *
 * @param ioasId where
 * @param iova first IOVA
 * @param lengthBytes how much
 */
public record IoasUnmap(int ioasId, long iova, long lengthBytes) implements Ioctl<IoasUnmap.Unmapped> {
    /**
     * What was unmapped.
     *
     * @param lengthBytes sum of the areas' lengths
     */
    public record Unmapped(long lengthBytes) {}

    /** Everything. */
    public static IoasUnmap all(int ioasId) {
        return new IoasUnmap(ioasId, 0, -1L);
    }

    @Override
    public String name() {
        return "IOAS_UNMAP";
    }

    @Override
    public Unmapped execute(Iommufd context) throws KernelFailure {
        Ioas ioas = context.get(ioasId, Ioas.class);
        if (iova == 0 && lengthBytes == -1L) {
            return new Unmapped(ioas.unmap(0, -1L));
        }
        if (iova == -1L || lengthBytes == -1L) {
            throw EOVERFLOW.failure();
        }
        if (lengthBytes == 0) {
            throw EINVAL.failure();
        }
        if (addOverflows(iova, lengthBytes - 1)) {
            throw EOVERFLOW.failure();
        }
        long unmapped = ioas.unmap(iova, iova + lengthBytes - 1);
        if (unmapped == 0) {
            throw ENOENT.failure();
        }
        return new Unmapped(unmapped);
    }
}
