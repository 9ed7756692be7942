package io.viommufleet.agent.iommufd;

import static io.viommufleet.agent.iommufd.system.Errno.EINVAL;
import static io.viommufleet.agent.iommufd.system.Errno.EOPNOTSUPP;
import static io.viommufleet.agent.iommufd.system.Errno.EOVERFLOW;
import static io.viommufleet.agent.iommufd.system.PageMath.addOverflows;

import io.viommufleet.agent.iommufd.KernelBehaviour.Trait;
import io.viommufleet.agent.iommufd.driver.DirtyLog;
import io.viommufleet.agent.iommufd.system.KernelFailure;
import io.viommufleet.agent.iommufd.system.UserBuffer;

/**
 * HWPT_GET_DIRTY_BITMAP: sets one bit per dirty page in the caller's bitmap, and forgets the pages unless told not to. Bits are only ever set.
 *
 * @param flags {@link #NO_CLEAR} or 0
 * @param hwptId of which HWPT
 * @param iova first IOVA, bit 0 of the bitmap
 * @param lengthBytes how much
 * @param pageSizeBytes what one bit stands for
 * @param bitmap where bits are set
 * @param reserved must be 0
 */
public record GetDirtyBitmap(
        int flags, int hwptId, long iova, long lengthBytes, long pageSizeBytes, UserBuffer bitmap, int reserved)
        implements Ioctl<Ioctl.Done> {
    /** IOMMU_HWPT_GET_DIRTY_BITMAP_NO_CLEAR. */
    public static final int NO_CLEAR = 1;

    @Override
    public String name() {
        return "HWPT_GET_DIRTY_BITMAP";
    }

    @Override
    public Done execute(Iommufd context) throws KernelFailure {
        if ((flags & ~NO_CLEAR) != 0 || reserved != 0) {
            throw EOPNOTSUPP.failure();
        }
        HwptPaging hwpt = context.get(hwptId, HwptPaging.class);
        checkRange(context, hwpt.ioas());
        DirtyLog log = hwpt.domain().dirtyLog();
        if (log == null) {
            throw EOPNOTSUPP.failure();
        }
        if (log.tracking() || !context.kernel().behaviour().has(Trait.DIRTY_READ_NEEDS_TRACKING)) {
            new DirtyWalk(hwpt, log, iova, pageSizeBytes, bitmap, flags == 0).walk(iova + lengthBytes - 1);
        }
        return Done.DONE;
    }

    private void checkRange(Iommufd context, Ioas ioas) throws KernelFailure {
        if (lengthBytes == 0 && context.kernel().behaviour().has(Trait.DIRTY_READ_REFUSES_NOTHING)) {
            throw EINVAL.failure();
        }
        if (addOverflows(iova, lengthBytes - 1)) {
            throw EOVERFLOW.failure();
        }
        long ends = iova | iova + lengthBytes;
        if ((ends & (ioas.space().alignment() - 1)) != 0 || pageSizeBytes == 0 || (ends & (pageSizeBytes - 1)) != 0) {
            throw EINVAL.failure();
        }
    }
}
