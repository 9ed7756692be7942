package io.viommufleet.agent.host.driver;

import static io.viommufleet.agent.iommufd.system.Errno.EINVAL;
import static io.viommufleet.agent.iommufd.system.Errno.EOPNOTSUPP;

import io.viommufleet.agent.iommufd.driver.InvalidationRequests;
import io.viommufleet.agent.iommufd.driver.Invalidator;
import io.viommufleet.agent.iommufd.driver.NestedDomain;
import io.viommufleet.agent.iommufd.system.KernelFailure;
import io.viommufleet.agent.iommufd.system.PageMath;
import io.viommufleet.common.feasibility.VtdRegisters;
import java.nio.ByteBuffer;

/** A guest's first-stage table (IOMMU_HWPT_DATA_VTD_S1). Its fields are judged when a device is attached, not before. */
final class VtdNestedDomain extends NestedDomain implements Invalidator {
    static final int DATA_TYPE = 1;
    static final int DATA_BYTES = 24;

    private static final long SUPERVISOR_REQUESTS = 1;
    private static final long EXTENDED_ACCESSED = 2;
    private static final int INVALIDATION_BYTES = 24;
    private static final int LEAF = 1;
    private static final int FIVE_LEVEL_BITS = 57;
    private static final int FOUR_LEVEL_BITS = 48;

    private final VtdDomain parent;
    private final long flags;
    private final int addressBits;

    VtdNestedDomain(VtdDomain parent, ByteBuffer data) {
        super(VtdIommu.DRIVER, parent, null);
        this.parent = parent;
        this.flags = data.getLong();
        data.getLong();
        this.addressBits = data.getInt();
    }

    /** The nesting parent with its own type. */
    VtdDomain secondStage() {
        return parent;
    }

    /** Whether the hardware can do what the guest asks for. */
    boolean fits(VtdRegisters registers) {
        boolean widthFits =
                addressBits == FOUR_LEVEL_BITS || (addressBits == FIVE_LEVEL_BITS && registers.firstStage5Level());
        boolean supervisorFits = (flags & SUPERVISOR_REQUESTS) == 0 || registers.supervisorRequests();
        boolean accessedFits = (flags & EXTENDED_ACCESSED) == 0 || registers.extendedAccessedFlag();
        return widthFits && supervisorFits && accessedFits;
    }

    @Override
    public Invalidator invalidator() {
        return this;
    }

    @Override
    public void invalidate(InvalidationRequests requests) throws KernelFailure {
        if (requests.type() != 0) {
            throw EINVAL.failure();
        }
        for (int index = 0; Integer.compareUnsigned(index, requests.count()) < 0; index++) {
            if (requests.entryBytes() != INVALIDATION_BYTES) {
                throw EINVAL.failure();
            }
            check(requests.entry(index, 0, INVALIDATION_BYTES, INVALIDATION_BYTES));
            requests.countHandled();
        }
    }

    private static void check(ByteBuffer entry) throws KernelFailure {
        long address = entry.getLong();
        long pages = entry.getLong();
        int entryFlags = entry.getInt();
        int reserved = entry.getInt();
        if ((entryFlags & ~LEAF) != 0 || reserved != 0) {
            throw EOPNOTSUPP.failure();
        }
        if (PageMath.offsetInPage(address) != 0 || (pages == -1L && address != 0)) {
            throw EINVAL.failure();
        }
    }
}
