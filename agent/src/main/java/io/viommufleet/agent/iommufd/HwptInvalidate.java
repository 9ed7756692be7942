package io.viommufleet.agent.iommufd;

import static io.viommufleet.agent.iommufd.system.Errno.EINVAL;
import static io.viommufleet.agent.iommufd.system.Errno.ENOENT;
import static io.viommufleet.agent.iommufd.system.Errno.EOPNOTSUPP;

import io.viommufleet.agent.iommufd.KernelBehaviour.Trait;
import io.viommufleet.agent.iommufd.driver.InvalidationRequests;
import io.viommufleet.agent.iommufd.driver.Invalidator;
import io.viommufleet.agent.iommufd.system.Errno;
import io.viommufleet.agent.iommufd.system.KernelFailure;
import io.viommufleet.agent.iommufd.system.PageMath;
import io.viommufleet.agent.iommufd.system.UserBuffer;

/**
 * HWPT_INVALIDATE: drops cached translations of a nested HWPT, or executes a guest's commands on a viommu. Tells how many entries were handled even
 * when it fails.
 *
 * @param hwptId nested HWPT or viommu
 * @param dataType of the entries
 * @param entryBytes size of one, unsigned
 * @param entryCount how many, unsigned
 * @param entries the array
 * @param reserved must be 0
 */
public record HwptInvalidate(int hwptId, int dataType, int entryBytes, int entryCount, UserBuffer entries, int reserved)
        implements Ioctl<HwptInvalidate.Handled> {
    private static final int MAX_ENTRIES = 1 << 19;

    /**
     * How far it got.
     *
     * @param entryCount entries that took effect
     */
    public record Handled(int entryCount) {}

    @Override
    public String name() {
        return "HWPT_INVALIDATE";
    }

    @Override
    public Handled execute(Iommufd context) throws KernelFailure {
        InvalidationRequests requests = new InvalidationRequests(dataType, entryBytes, entryCount, entries);
        try {
            if (reserved != 0) {
                throw EOPNOTSUPP.failure();
            }
            if (entryCount != 0 && (entries.isNull() || entryBytes == 0)) {
                throw EINVAL.failure();
            }
            if (context.kernel().behaviour().has(Trait.INVALIDATE_LIMITS_ENTRIES) && exceedsLimits()) {
                throw EINVAL.failure();
            }
            invalidator(context).invalidate(requests);
            return new Handled(requests.handled());
        } catch (KernelFailure failure) {
            throw failure.errno().failureWith(new Handled(requests.handled()));
        }
    }

    private boolean exceedsLimits() {
        return Integer.compareUnsigned(entryBytes, PageMath.PAGE_SIZE) > 0
                || Integer.compareUnsigned(entryCount, MAX_ENTRIES) > 0;
    }

    private Invalidator invalidator(Iommufd context) throws KernelFailure {
        Errno wrongType = context.kernel().behaviour().has(Trait.INVALIDATE_TELLS_WRONG_TYPE) ? EINVAL : ENOENT;
        Invalidator invalidator = switch (context.find(hwptId)) {
            case null -> throw ENOENT.failure();
            case HwptNested nested -> nested.domain().invalidator();
            case Viommu viommu -> viommu.hardware().invalidator();
            default -> throw wrongType.failure();
        };
        if (invalidator == null) {
            throw EOPNOTSUPP.failure();
        }
        return invalidator;
    }
}
