package io.viommufleet.agent.iommufd.selftest;

import static io.viommufleet.agent.iommufd.system.Errno.EINVAL;
import static io.viommufleet.agent.iommufd.system.Errno.ENOENT;
import static io.viommufleet.agent.iommufd.system.Errno.ENOMEM;
import static io.viommufleet.agent.iommufd.system.Errno.EOPNOTSUPP;

import io.viommufleet.agent.iommufd.HwptFlags;
import io.viommufleet.agent.iommufd.KernelBehaviour;
import io.viommufleet.agent.iommufd.KernelBehaviour.Trait;
import io.viommufleet.agent.iommufd.driver.DeviceTraits;
import io.viommufleet.agent.iommufd.driver.Domain;
import io.viommufleet.agent.iommufd.driver.HardwareInfo;
import io.viommufleet.agent.iommufd.driver.HardwareViommu;
import io.viommufleet.agent.iommufd.driver.IommuDevice;
import io.viommufleet.agent.iommufd.driver.IommuDriver;
import io.viommufleet.agent.iommufd.driver.IommuGroup;
import io.viommufleet.agent.iommufd.driver.NestedDomain;
import io.viommufleet.agent.iommufd.driver.PagingDomain;
import io.viommufleet.agent.iommufd.driver.ReservedRegion;
import io.viommufleet.agent.iommufd.driver.UserData;
import io.viommufleet.agent.iommufd.system.KernelFailure;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/** A device of the mock IOMMU, alone in its group. */
final class MockDevice implements IommuDevice {
    /** The mock driver. */
    static final IommuDriver DRIVER = new IommuDriver("iommufd_mock");

    /** MOCK_FLAGS_DEVICE_NO_DIRTY. */
    static final int NO_DIRTY = 1;

    /** MOCK_FLAGS_DEVICE_HUGE_IOVA, of the older module. */
    static final int HUGE_IOVA = 2;

    /** MOCK_FLAGS_DEVICE_PASID, of the newer module. */
    static final int PASID = 4;

    private static final int MAX_PASIDS = 1 << 20;
    private static final int INFO_TYPE = 0xfeedbeef;
    private static final int INFO_TEST_REGISTER = 0xdeadbeef;
    private static final int CACHE_WORDS = 4;
    private static final int CACHE_FULL = 0xbaddad;

    /** The PASID whose second attach fails, for testing that a replace goes back. */
    private static final int UNRELIABLE_PASID = 1024;

    private final IommuGroup group;
    private final int flags;
    private final KernelBehaviour behaviour;
    private final int[] cache = new int[CACHE_WORDS];
    private @Nullable MockViommu viommu;
    private long virtualId;
    private boolean unreliablePasidAttached;

    /** A device; EINVAL for flags that the module does not know. */
    MockDevice(IommuGroup group, int flags, KernelBehaviour behaviour) throws KernelFailure {
        int known = NO_DIRTY | (behaviour.has(Trait.PASIDS) ? PASID : HUGE_IOVA);
        if ((flags & ~known) != 0) {
            throw EINVAL.failure();
        }
        this.group = group;
        this.flags = flags;
        this.behaviour = behaviour;
        Arrays.fill(cache, CACHE_FULL);
        group.add(this);
    }

    private boolean has(int flag) {
        return (flags & flag) != 0;
    }

    @Override
    public String name() {
        return "iommufd_mock" + group.id();
    }

    @Override
    public IommuDriver driver() {
        return DRIVER;
    }

    @Override
    public IommuGroup group() {
        return group;
    }

    @Override
    public DeviceTraits traits() {
        int pasids = has(PASID) ? MAX_PASIDS : 0;
        return new DeviceTraits(true, false, true, false, !has(NO_DIRTY), false, pasids, false);
    }

    @Override
    public List<ReservedRegion> reservedRegions() {
        return List.of();
    }

    @Override
    public boolean takesDomainFlags() {
        return true;
    }

    @Override
    public PagingDomain allocatePaging(int domainFlags, UserData data) throws KernelFailure {
        int known =
                HwptFlags.DIRTY_TRACKING | HwptFlags.NEST_PARENT | (behaviour.has(Trait.PASIDS) ? HwptFlags.PASID : 0);
        boolean dirty = (domainFlags & HwptFlags.DIRTY_TRACKING) != 0;
        if ((domainFlags & ~known) != 0 || (dirty && has(NO_DIRTY))) {
            throw EOPNOTSUPP.failure();
        }
        if (behaviour.has(Trait.PASIDS)) {
            return MockDomain.ofData(dirty, data);
        }
        if (data.present()) {
            throw EOPNOTSUPP.failure();
        }
        return MockDomain.ofDevice(dirty, has(HUGE_IOVA));
    }

    @Override
    public boolean nestsDirectly() {
        return true;
    }

    @Override
    public NestedDomain allocateNested(PagingDomain parent, int nestedFlags, UserData data) throws KernelFailure {
        checkNestedFlags(nestedFlags);
        if (!(parent instanceof MockDomain mock)) {
            throw EINVAL.failure();
        }
        return new MockNestedDomain(mock, null, data);
    }

    static void checkNestedFlags(int nestedFlags) throws KernelFailure {
        if ((nestedFlags & ~HwptFlags.PASID) != 0) {
            throw EOPNOTSUPP.failure();
        }
    }

    /** A nested domain of a viommu needs the device's virtual id, which stays the same until the device leaves that viommu. */
    @Override
    public void attach(Domain domain) throws KernelFailure {
        if (domain instanceof PagingDomain paging && paging.dirtyLog() != null && has(NO_DIRTY)) {
            throw EINVAL.failure();
        }
        MockViommu target = domain instanceof MockNestedDomain nested ? nested.mockViommu() : null;
        long id = 0;
        if (target != null) {
            OptionalLong known = target.virtualIdOf(this);
            if (known.isEmpty()) {
                throw ENOENT.failure();
            }
            id = known.getAsLong();
        }
        if (target != viommu) {
            viommu = target;
            virtualId = id;
        }
    }

    @Override
    public void block() {
        viommu = null;
        virtualId = 0;
    }

    @Override
    public boolean attachesPasids() {
        return true;
    }

    @Override
    public void attachPasid(int pasid, Domain domain, @Nullable Domain old) throws KernelFailure {
        if (pasid != UNRELIABLE_PASID) {
            return;
        }
        unreliablePasidAttached = !unreliablePasidAttached;
        if (!unreliablePasidAttached) {
            throw ENOMEM.failure();
        }
    }

    @Override
    public void blockPasid(int pasid) {
        if (pasid == UNRELIABLE_PASID) {
            unreliablePasidAttached = false;
        }
    }

    @Override
    public boolean guestOwnsPasidTable() {
        return true;
    }

    @Override
    public HardwareInfo hardwareInfo(int type) throws KernelFailure {
        if (type != 0 && type != INFO_TYPE) {
            throw EOPNOTSUPP.failure();
        }
        ByteBuffer struct =
                ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putInt(0).putInt(INFO_TEST_REGISTER);
        return new HardwareInfo(INFO_TYPE, struct.array());
    }

    @Override
    public boolean hasViommu(int type) {
        return type == MockViommu.TYPE;
    }

    @Override
    public HardwareViommu createViommu(int type, PagingDomain parent, UserData data) throws KernelFailure {
        if (!(parent instanceof MockDomain mock)) {
            throw EINVAL.failure();
        }
        return new MockViommu(mock, data);
    }

    static void checkCacheWord(int word) throws KernelFailure {
        if (Integer.compareUnsigned(word, CACHE_WORDS) >= 0) {
            throw EINVAL.failure();
        }
    }

    int cached(int word) throws KernelFailure {
        checkCacheWord(word);
        return cache[word];
    }

    void dropCache(int word) {
        cache[word] = 0;
    }

    void dropCache() {
        Arrays.fill(cache, 0);
    }

    /** Reports an event that names the device as the guest does: ENOENT while it has no virtual id, EOPNOTSUPP without a queue. */
    void reportEvent() throws KernelFailure {
        if (viommu == null || virtualId == 0) {
            throw ENOENT.failure();
        }
        byte[] event = ByteBuffer.allocate(Integer.BYTES)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putInt((int) virtualId)
                .array();
        viommu.reportEvent(MockViommu.EVENT_TYPE, event);
    }
}
