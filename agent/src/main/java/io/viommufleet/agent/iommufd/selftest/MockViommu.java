package io.viommufleet.agent.iommufd.selftest;

import static io.viommufleet.agent.iommufd.system.Errno.EEXIST;
import static io.viommufleet.agent.iommufd.system.Errno.EINVAL;
import static io.viommufleet.agent.iommufd.system.Errno.EIO;
import static io.viommufleet.agent.iommufd.system.Errno.ENOMEM;
import static io.viommufleet.agent.iommufd.system.Errno.EOPNOTSUPP;

import io.viommufleet.agent.iommufd.driver.HardwareQueues;
import io.viommufleet.agent.iommufd.driver.HardwareViommu;
import io.viommufleet.agent.iommufd.driver.InvalidationRequests;
import io.viommufleet.agent.iommufd.driver.Invalidator;
import io.viommufleet.agent.iommufd.driver.IommuDevice;
import io.viommufleet.agent.iommufd.driver.NestedDomain;
import io.viommufleet.agent.iommufd.driver.UserData;
import io.viommufleet.agent.iommufd.system.KernelFailure;
import io.viommufleet.agent.iommufd.system.PageMath;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.OptionalInt;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** The mock IOMMU's slice for a guest. Data given with it is echoed, and makes it publish a region of two pages. */
final class MockViommu extends HardwareViommu implements Invalidator, HardwareQueues {
    /** IOMMU_VIOMMU_TYPE_SELFTEST, also the type of its queues. */
    static final int TYPE = 0xdeadbeef;

    /** IOMMU_VEVENTQ_TYPE_SELFTEST. */
    static final int EVENT_TYPE = 0xbeefbeef;

    private static final int DATA_BYTES = 24;
    private static final int DATA_MIN_BYTES = 8;
    private static final int INVALIDATE_TYPE = 0xdeadbeef;
    private static final int INVALIDATE_BYTES = 12;
    private static final int FLAG_ALL = 1;
    private static final int QUEUES = 2;
    private static final long LARGEST_ALLOCATION = 4L << 20;

    private final MockDomain mockParent;
    private final UserData data;
    private final TreeSet<Integer> takenQueues = new TreeSet<>();
    private int echo;

    MockViommu(MockDomain parent, UserData data) throws KernelFailure {
        super(MockDevice.DRIVER, parent);
        this.mockParent = parent;
        this.data = data;
        if (data.present()) {
            echo = data.copy(TYPE, DATA_MIN_BYTES, DATA_BYTES).getInt();
        }
    }

    @Override
    public boolean serves(IommuDevice device) {
        return device instanceof MockDevice;
    }

    @Override
    public boolean nests() {
        return true;
    }

    @Override
    public NestedDomain allocateNested(int flags, UserData nestedData) throws KernelFailure {
        MockDevice.checkNestedFlags(flags);
        return new MockNestedDomain(mockParent, this, nestedData);
    }

    @Override
    public int mappableBytes() {
        return data.present() ? 2 * PageMath.PAGE_SIZE : 0;
    }

    @Override
    public int mappedWord() {
        return echo;
    }

    @Override
    public void publish(long offset) throws KernelFailure {
        byte[] struct = ByteBuffer.allocate(DATA_BYTES)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putInt(echo)
                .putInt(echo)
                .putLong(offset)
                .putLong(mappableBytes())
                .array();
        data.buffer().write(0, java.util.Arrays.copyOf(struct, data.lengthBytes()));
    }

    @Override
    public Invalidator invalidator() {
        return this;
    }

    @Override
    public void invalidate(InvalidationRequests requests) throws KernelFailure {
        if (requests.type() != INVALIDATE_TYPE) {
            throw EINVAL.failure();
        }
        for (ByteBuffer entry : copyAll(requests)) {
            drop(entry.getInt(), entry.getInt(), entry.getInt());
            requests.countHandled();
        }
    }

    /** The driver copies the whole array before it looks at an entry; when there is no memory for that it claims to have handled all. */
    private static List<ByteBuffer> copyAll(InvalidationRequests requests) throws KernelFailure {
        long count = Integer.toUnsignedLong(requests.count());
        if (count * INVALIDATE_BYTES > LARGEST_ALLOCATION) {
            requests.setHandled(requests.count());
            throw ENOMEM.failure();
        }
        return requests.entries(INVALIDATE_TYPE, 1, INVALIDATE_BYTES);
    }

    private void drop(int flags, int virtualId, int word) throws KernelFailure {
        if ((flags & ~FLAG_ALL) != 0) {
            throw EOPNOTSUPP.failure();
        }
        MockDevice.checkCacheWord(word);
        if (!(deviceOf(Integer.toUnsignedLong(virtualId)) instanceof MockDevice device)) {
            throw EINVAL.failure();
        }
        if (flags == FLAG_ALL) {
            device.dropCache();
        } else {
            device.dropCache(word);
        }
    }

    @Override
    public @Nullable HardwareQueues queues(int type) {
        return type == TYPE ? this : null;
    }

    @Override
    public OptionalInt start(int index, long address, long lengthBytes) throws KernelFailure {
        if (Integer.compareUnsigned(index, QUEUES) >= 0) {
            throw EINVAL.failure();
        }
        if (takenQueues.contains(index)) {
            throw EEXIST.failure();
        }
        if (index > 0 && !takenQueues.contains(index - 1)) {
            throw EIO.failure();
        }
        takenQueues.add(index);
        return index > 0 ? OptionalInt.of(index - 1) : OptionalInt.empty();
    }

    /** The module does not note a queue's number, so that whichever queue goes, number 0 is what it takes for free. */
    @Override
    public void stop(int index) {
        takenQueues.remove(0);
    }
}
