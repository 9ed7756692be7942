package io.viommufleet.agent.iommufd.selftest;

import static io.viommufleet.agent.iommufd.system.Errno.EINVAL;
import static io.viommufleet.agent.iommufd.system.Errno.EOPNOTSUPP;

import io.viommufleet.agent.iommufd.driver.InvalidationRequests;
import io.viommufleet.agent.iommufd.driver.Invalidator;
import io.viommufleet.agent.iommufd.driver.NestedDomain;
import io.viommufleet.agent.iommufd.driver.UserData;
import io.viommufleet.agent.iommufd.system.KernelFailure;
import java.nio.ByteBuffer;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** A guest's stage 1 on the mock IOMMU: four words that stand for its cached translations. */
final class MockNestedDomain extends NestedDomain implements Invalidator {
    private static final int INVALIDATE_TYPE = 0xdeadbeef;
    private static final int INVALIDATE_BYTES = 8;
    private static final int FLAG_ALL = 1;
    private static final int WORDS = 4;

    private final @Nullable MockViommu mockViommu;
    private final int[] cached = new int[WORDS];

    /** A stage 1 whose words are those of the caller's data: EOPNOTSUPP for another type, EINVAL for another size. */
    MockNestedDomain(MockDomain parent, @Nullable MockViommu viommu, UserData data) throws KernelFailure {
        super(MockDevice.DRIVER, parent, viommu);
        this.mockViommu = viommu;
        if (data.type() != MockDomain.DATA_TYPE) {
            throw EOPNOTSUPP.failure();
        }
        ByteBuffer words = data.copy(MockDomain.DATA_TYPE, MockDomain.DATA_MIN_BYTES, MockDomain.DATA_BYTES);
        Arrays.fill(cached, words.getInt());
    }

    @Nullable
    MockViommu mockViommu() {
        return mockViommu;
    }

    /** One of the words; EINVAL when there is none of that number. */
    int cached(int word) throws KernelFailure {
        if (Integer.compareUnsigned(word, WORDS) >= 0) {
            throw EINVAL.failure();
        }
        return cached[word];
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
        for (int index = 0; Integer.compareUnsigned(index, requests.count()) < 0; index++) {
            if (requests.entryBytes() != INVALIDATE_BYTES) {
                throw EINVAL.failure();
            }
            ByteBuffer entry = requests.entry(index, INVALIDATE_TYPE, INVALIDATE_BYTES, INVALIDATE_BYTES);
            drop(entry.getInt(), entry.getInt());
            requests.countHandled();
        }
    }

    private void drop(int flags, int word) throws KernelFailure {
        if ((flags & ~FLAG_ALL) != 0) {
            throw EOPNOTSUPP.failure();
        }
        cached(word);
        if (flags == FLAG_ALL) {
            Arrays.fill(cached, 0);
        } else {
            cached[word] = 0;
        }
    }
}
