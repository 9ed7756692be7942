package io.viommufleet.agent.iommufd.selftest;

import static io.viommufleet.agent.iommufd.system.Errno.EFAULT;
import static io.viommufleet.agent.iommufd.system.Errno.EINVAL;
import static io.viommufleet.agent.iommufd.system.Errno.ENOMEM;
import static io.viommufleet.agent.iommufd.system.Errno.EOVERFLOW;
import static io.viommufleet.agent.iommufd.system.PageMath.addOverflows;

import io.viommufleet.agent.iommufd.HwptNested;
import io.viommufleet.agent.iommufd.HwptPaging;
import io.viommufleet.agent.iommufd.Ioas;
import io.viommufleet.agent.iommufd.Ioctl;
import io.viommufleet.agent.iommufd.Iommufd;
import io.viommufleet.agent.iommufd.KernelBehaviour.Trait;
import io.viommufleet.agent.iommufd.driver.DirtyLog;
import io.viommufleet.agent.iommufd.system.AddressSpace;
import io.viommufleet.agent.iommufd.system.KernelFailure;
import io.viommufleet.agent.iommufd.system.PageMath;
import io.viommufleet.agent.iommufd.system.UserBuffer;

/** The operations of the test module on IOASes and on the mock IOMMU's domains. */
public final class DomainTests {
    private static final long MAX_BITS = 1L << 32;
    private static final int IO_PAGE = PageMath.PAGE_SIZE / 2;

    private DomainTests() {}

    private static HwptPaging mockHwpt(Iommufd context, int id) throws KernelFailure {
        HwptPaging hwpt = context.get(id, HwptPaging.class);
        if (!(hwpt.domain() instanceof MockDomain)) {
            throw EINVAL.failure();
        }
        return hwpt;
    }

    /**
     * ADD_RESERVED (1): reserves IOVAs for good: EINVAL for none, EOVERFLOW when they wrap, EADDRINUSE when taken.
     *
     * @param ioasId of which IOAS
     * @param start first IOVA
     * @param lengthBytes how much
     */
    public record AddReserved(int ioasId, long start, long lengthBytes) implements Ioctl<Ioctl.Done> {
        @Override
        public String name() {
            return "TEST_ADD_RESERVED";
        }

        @Override
        public Done execute(Iommufd context) throws KernelFailure {
            if (lengthBytes == 0) {
                throw EINVAL.failure();
            }
            if (addOverflows(start, lengthBytes - 1)) {
                throw EOVERFLOW.failure();
            }
            context.get(ioasId, Ioas.class).reserve(start, start + lengthBytes - 1);
            return Done.DONE;
        }
    }

    /**
     * MD_CHECK_MAP (3): EINVAL unless a HWPT translates IOVAs to the caller's memory, page by page; EFAULT when that memory is missing.
     *
     * @param hwptId which HWPT
     * @param iova first IOVA
     * @param lengthBytes how much
     * @param address of the memory
     */
    public record CheckMap(int hwptId, long iova, long lengthBytes, long address) implements Ioctl<Ioctl.Done> {
        @Override
        public String name() {
            return "TEST_MD_CHECK_MAP";
        }

        @Override
        public Done execute(Iommufd context) throws KernelFailure {
            if (((iova | lengthBytes | address) & (IO_PAGE - 1)) != 0 || addOverflows(address, lengthBytes)) {
                throw EINVAL.failure();
            }
            HwptPaging hwpt = mockHwpt(context, hwptId);
            AddressSpace memory = context.currentProcess().memory();
            for (long done = 0; done != lengthBytes; done += IO_PAGE) {
                if (memory.at(address + done) == null) {
                    throw EFAULT.failure();
                }
                if (!hwpt.translatesTo(iova + done, memory, address + done)) {
                    throw EINVAL.failure();
                }
            }
            return Done.DONE;
        }
    }

    /**
     * DIRTY (13): marks pages as written by DMA. Needs a HWPT that tracks.
     *
     * @param hwptId which HWPT
     * @param iova first IOVA, bit 0 of the bitmap
     * @param lengthBytes how much
     * @param pageSizeBytes what one bit stands for
     * @param bitmap which pages
     */
    public record MarkDirty(int hwptId, long iova, long lengthBytes, long pageSizeBytes, UserBuffer bitmap)
            implements Ioctl<MarkDirty.Marked> {
        /**
         * What was marked.
         *
         * @param pages how many bits
         */
        public record Marked(long pages) {}

        @Override
        public String name() {
            return "TEST_DIRTY";
        }

        @Override
        public Marked execute(Iommufd context) throws KernelFailure {
            boolean bad = pageSizeBytes == 0
                    || lengthBytes == 0
                    || Long.remainderUnsigned(iova, pageSizeBytes) != 0
                    || Long.remainderUnsigned(lengthBytes, pageSizeBytes) != 0
                    || bitmap.isNull();
            if (bad) {
                throw EINVAL.failure();
            }
            HwptPaging hwpt = mockHwpt(context, hwptId);
            DirtyLog log = hwpt.domain().dirtyLog();
            if (log == null || !log.tracking()) {
                throw EINVAL.failure();
            }
            long bits = Long.divideUnsigned(lengthBytes, pageSizeBytes);
            if (Long.compareUnsigned(bits, MAX_BITS) > 0) {
                throw ENOMEM.failure();
            }
            byte[] given = new byte[(int) ((bits + Byte.SIZE - 1) / Byte.SIZE)];
            bitmap.read(0, given);
            boolean countsAll = context.kernel().behaviour().has(Trait.SELFTEST_COUNTS_UNMAPPED_DIRTY);
            long marked = 0;
            for (long bit = 0; bit < bits; bit++) {
                boolean set = (given[(int) (bit / Byte.SIZE)] >> (bit % Byte.SIZE) & 1) != 0;
                if (set && (countsAll || hwpt.entryAt(iova + bit * pageSizeBytes) != null)) {
                    hwpt.markDirty(iova + bit * pageSizeBytes);
                    marked++;
                }
            }
            return new Marked(marked);
        }
    }

    /**
     * MD_CHECK_IOTLB (14): EINVAL unless a word of a nested HWPT's cache is as expected.
     *
     * @param hwptId nested HWPT
     * @param word which word, 0 to 3
     * @param expected value
     */
    public record CheckNested(int hwptId, int word, int expected) implements Ioctl<Ioctl.Done> {
        @Override
        public String name() {
            return "TEST_MD_CHECK_IOTLB";
        }

        @Override
        public Done execute(Iommufd context) throws KernelFailure {
            HwptNested hwpt = context.get(hwptId, HwptNested.class);
            if (!(hwpt.domain() instanceof MockNestedDomain nested) || nested.cached(word) != expected) {
                throw EINVAL.failure();
            }
            return Done.DONE;
        }
    }
}
