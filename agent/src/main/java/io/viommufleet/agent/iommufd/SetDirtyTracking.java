package io.viommufleet.agent.iommufd;

import static io.viommufleet.agent.iommufd.system.Errno.EOPNOTSUPP;

import io.viommufleet.agent.iommufd.driver.DirtyLog;
import io.viommufleet.agent.iommufd.system.KernelFailure;

/**
 * HWPT_SET_DIRTY_TRACKING: turns the recording of dirty pages on, from a clean state, or off.
 *
 * @param flags {@link #ENABLE} or 0
 * @param hwptId of which HWPT
 */
public record SetDirtyTracking(int flags, int hwptId) implements Ioctl<Ioctl.Done> {
    /** IOMMU_HWPT_DIRTY_TRACKING_ENABLE. */
    public static final int ENABLE = 1;

    @Override
    public String name() {
        return "HWPT_SET_DIRTY_TRACKING";
    }

    @Override
    public Done execute(Iommufd context) throws KernelFailure {
        if ((flags & ~ENABLE) != 0) {
            throw EOPNOTSUPP.failure();
        }
        DirtyLog log = context.get(hwptId, HwptPaging.class).domain().dirtyLog();
        if (log == null) {
            throw EOPNOTSUPP.failure();
        }
        if (flags == ENABLE) {
            log.clear();
        }
        log.setTracking(flags == ENABLE);
        return Done.DONE;
    }
}
