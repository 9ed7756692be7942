package io.viommufleet.agent.iommufd.selftest;

import static io.viommufleet.agent.iommufd.system.Errno.EOPNOTSUPP;

import io.viommufleet.agent.iommufd.driver.PagingDomain;
import io.viommufleet.agent.iommufd.driver.UserData;
import io.viommufleet.agent.iommufd.iova.IovaRange;
import io.viommufleet.agent.iommufd.system.KernelFailure;
import io.viommufleet.agent.iommufd.system.PageMath;
import java.nio.ByteBuffer;

/** The mock IOMMU's page table, with entries of half a processor page and up. */
final class MockDomain extends PagingDomain {
    /** IOMMU_HWPT_DATA_SELFTEST. */
    static final int DATA_TYPE = 0xdead;

    /** Size of the data: two 32-bit words, of which the second may be missing. */
    static final int DATA_BYTES = 8;

    /** Least size of the data. */
    static final int DATA_MIN_BYTES = 4;

    private static final long IO_PAGE = PageMath.PAGE_SIZE / 2;
    private static final long HUGE_IO_PAGE = 512 * IO_PAGE;
    private static final IovaRange APERTURE = new IovaRange(0x1000000, 0x7fffffff);
    private static final IovaRange HUGE_APERTURE = new IovaRange(0, (1L << 56) - 1);

    private final IovaRange aperture;
    private final long pageSizes;

    private MockDomain(boolean tracksDirty, IovaRange aperture, long pageSizes) {
        super(MockDevice.DRIVER, pageSizes, tracksDirty);
        this.aperture = aperture;
        this.pageSizes = pageSizes;
    }

    /** The table that the older module makes: two page sizes if the device asks for huge ones. */
    static MockDomain ofDevice(boolean tracksDirty, boolean huge) {
        return new MockDomain(tracksDirty, APERTURE, huge ? IO_PAGE | HUGE_IO_PAGE : IO_PAGE);
    }

    /** The table that the newer module makes, of the format that the caller's data names: EOPNOTSUPP for an unknown one. */
    static MockDomain ofData(boolean tracksDirty, UserData data) throws KernelFailure {
        int format = 0;
        if (data.present()) {
            if (data.type() != DATA_TYPE) {
                throw EOPNOTSUPP.failure();
            }
            ByteBuffer words = data.copy(DATA_TYPE, DATA_MIN_BYTES, DATA_BYTES);
            words.getInt();
            format = words.getInt();
        }
        return switch (format) {
            case 0 -> new MockDomain(tracksDirty, APERTURE, anyPowerOfTwo());
            case 1 -> new MockDomain(tracksDirty, HUGE_APERTURE, HUGE_IO_PAGE | PageMath.PAGE_SIZE);
            default -> throw EOPNOTSUPP.failure();
        };
    }

    @Override
    public IovaRange aperture() {
        return aperture;
    }

    @Override
    public long pageSizes() {
        return pageSizes;
    }

    /** Entries of this format may be of any power of two, up to what is contiguous in memory. */
    private static long anyPowerOfTwo() {
        return -IO_PAGE & (PageMath.HUGE_PAGE_SIZE * 2 - 1);
    }
}
