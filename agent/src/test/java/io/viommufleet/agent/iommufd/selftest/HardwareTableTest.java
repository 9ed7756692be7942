package io.viommufleet.agent.iommufd.selftest;

import static io.viommufleet.agent.iommufd.GetHwInfo.INPUT_TYPE;
import static io.viommufleet.agent.iommufd.HwptFlags.DIRTY_TRACKING;
import static io.viommufleet.agent.iommufd.HwptFlags.PASID;
import static io.viommufleet.agent.iommufd.selftest.Fixture.BASE;
import static io.viommufleet.agent.iommufd.selftest.Fixture.FIXED_RW;
import static io.viommufleet.agent.iommufd.selftest.Row.row;
import static io.viommufleet.agent.iommufd.system.Errno.EINVAL;
import static io.viommufleet.agent.iommufd.system.Errno.ENOENT;
import static io.viommufleet.agent.iommufd.system.Errno.EOPNOTSUPP;
import static org.assertj.core.api.Assertions.assertThat;

import io.viommufleet.agent.iommufd.GetDirtyBitmap;
import io.viommufleet.agent.iommufd.GetHwInfo;
import io.viommufleet.agent.iommufd.HwptAlloc;
import io.viommufleet.agent.iommufd.IoasMap;
import io.viommufleet.agent.iommufd.SetDirtyTracking;
import io.viommufleet.agent.iommufd.SetOption;
import io.viommufleet.agent.iommufd.driver.UserData;
import io.viommufleet.agent.iommufd.system.MemoryObject;
import io.viommufleet.agent.iommufd.system.UserBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;

/** Tables I and J: what a device says about its IOMMU, and dirty tracking. */
final class HardwareTableTest extends ConformanceTable {
    private static final int INFO_TYPE = 0xfeedbeef;
    private static final byte[] INFO = {0, 0, 0, 0, (byte) 0xef, (byte) 0xbe, (byte) 0xad, (byte) 0xde};
    private static final long ADDRESS = 0x620000000000L;
    private static final int IO_PAGE = 2048;
    private static final int HUGE_IO_PAGE = 1 << 20;
    private static final int[] SIZES = {8 << 10, 16 << 10, 64 << 10, 128 << 10, 320 << 10, 64 << 20, 128 << 20};

    @Override
    List<Row> rows() {
        List<Row> rows = new ArrayList<>(information());
        rows.addAll(tracking());
        return rows;
    }

    private static List<Row> information() {
        return List.of(
                row(190, "without buffer the type and the length are told", kernel -> {
                    GetHwInfo.HardwareFacts facts =
                            kernel.ok(new GetHwInfo(0, device(kernel, 0).deviceId(), 0, 0, UserBuffer.ofNull(), 0));
                    assertThat(facts.hardware().type()).isEqualTo(INFO_TYPE);
                    assertThat(facts.hardware().lengthBytes()).isEqualTo(INFO.length);
                }),
                row(
                        191,
                        "an exact buffer holds the struct",
                        kernel -> assertThat(read(kernel, 8)).isEqualTo(INFO)),
                row(192, "another type is EOPNOTSUPP", kernel -> {
                    int id = device(kernel, 0).deviceId();
                    kernel.fails(
                            EOPNOTSUPP, new GetHwInfo(INPUT_TYPE, id, INFO_TYPE + 1, 8, UserBuffer.of(new byte[8]), 0));
                }),
                row(193, "the type of the mock can be asked for", kernel -> {
                    int id = device(kernel, 0).deviceId();
                    kernel.ok(new GetHwInfo(INPUT_TYPE, id, INFO_TYPE, 8, UserBuffer.of(new byte[8]), 0));
                }),
                row(
                        194,
                        "a longer buffer ends in zeroes",
                        kernel -> assertThat(read(kernel, 16)).isEqualTo(Arrays.copyOf(INFO, 16))),
                row(
                        195,
                        "a shorter buffer holds the beginning",
                        kernel -> assertThat(read(kernel, 4)).isEqualTo(Arrays.copyOf(INFO, 4))),
                row(
                        196,
                        "a device without PASIDs has a width of 0",
                        kernel -> assertThat(facts(kernel, 0).maxPasidLog2()).isZero()),
                row(
                        197,
                        "a device with PASIDs has a width of 20",
                        kernel -> assertThat(facts(kernel, MockDevice.PASID).maxPasidLog2())
                                .isEqualTo(20)),
                row(198, "dev_id 0 is ENOENT", kernel -> kernel.fails(ENOENT, new GetHwInfo(0))),
                row(199, "a device that tracks dirty pages says so", kernel -> {
                    assertThat(facts(kernel, 0).capabilities() & GetHwInfo.DIRTY_TRACKING)
                            .isNotZero();
                    assertThat(facts(kernel, MockDevice.NO_DIRTY).capabilities() & GetHwInfo.DIRTY_TRACKING)
                            .isZero();
                }));
    }

    private static List<Row> tracking() {
        return List.of(
                row(200, "a HWPT with dirty tracking is made", Tracked::new),
                row(201, "a device that tracks attaches to it", kernel -> kernel.device(new Tracked(kernel).hwpt)),
                row(
                        202,
                        "a device that does not is EINVAL",
                        kernel -> kernel.fails(
                                EINVAL, new DeviceTests.MakeDevice(new Tracked(kernel).hwpt, MockDevice.NO_DIRTY))),
                row(203, "for such a device it cannot be made: EOPNOTSUPP", kernel -> {
                    int ioas = kernel.ioas();
                    int id = kernel.device(ioas, MockDevice.NO_DIRTY).deviceId();
                    kernel.fails(EOPNOTSUPP, new HwptAlloc(DIRTY_TRACKING, id, ioas));
                }),
                row(204, "tracking is turned on and off", kernel -> {
                    Tracked tracked = new Tracked(kernel);
                    kernel.device(tracked.hwpt);
                    onAndOff(kernel, tracked.hwpt);
                }),
                row(205, "the same with only a PASID attached", kernel -> {
                    int ioas = kernel.ioas();
                    DeviceTests.MakeDevice.Made device = kernel.device(ioas, MockDevice.PASID);
                    int hwpt = kernel.hwpt(device, ioas, PASID | DIRTY_TRACKING);
                    kernel.replace(device, kernel.hwpt(device, ioas, PASID));
                    kernel.ok(new DeviceTests.AttachPasid(device.selftestId(), 100, hwpt));
                    onAndOff(kernel, hwpt);
                    kernel.ok(new DeviceTests.DetachPasid(device.selftestId(), 100));
                }),
                row(206, "a PASID of a device that does not track is EINVAL", kernel -> {
                    int ioas = kernel.ioas();
                    int hwpt = kernel.hwpt(kernel.device(ioas, MockDevice.PASID), ioas, PASID | DIRTY_TRACKING);
                    DeviceTests.MakeDevice.Made other = kernel.device(ioas, MockDevice.PASID | MockDevice.NO_DIRTY);
                    kernel.fails(EINVAL, new DeviceTests.AttachPasid(other.selftestId(), 100, hwpt));
                }),
                row(207, "exactly the dirty pages are read", kernel -> readDirty(0, 0, 1)),
                row(208, "reading clears", kernel -> readDirty(0, 0, 2)),
                row(209, "the bitmap may lie at any byte", kernel -> {
                    readDirty(2048, 0, 2);
                    readDirty(0xff1, 0, 2);
                }),
                row(210, "a dirty entry of 1 MiB sets all of its bits", HardwareTableTest::readHuge),
                row(211, "NO_CLEAR reads the same twice", kernel -> readDirty(0, GetDirtyBitmap.NO_CLEAR, 2)),
                row(212, "NO_CLEAR, the bitmap at any byte", kernel -> {
                    readDirty(2048, GetDirtyBitmap.NO_CLEAR, 2);
                    readDirty(0xff1, GetDirtyBitmap.NO_CLEAR, 2);
                }),
                row(
                        213,
                        "huge pages are turned off before the first device",
                        kernel -> kernel.ok(new SetOption(SetOption.HUGE_PAGES, SetOption.SET, kernel.ioas(), 0, 0))));
    }

    private static DeviceTests.MakeDevice.Made device(Fixture kernel, int flags) {
        return kernel.device(kernel.ioas(), flags);
    }

    private static GetHwInfo.HardwareFacts facts(Fixture kernel, int flags) {
        return kernel.ok(new GetHwInfo(device(kernel, flags).deviceId()));
    }

    private static byte[] read(Fixture kernel, int lengthBytes) {
        byte[] buffer = new byte[lengthBytes];
        Arrays.fill(buffer, (byte) 0xaa);
        GetHwInfo.HardwareFacts facts =
                kernel.ok(new GetHwInfo(0, device(kernel, 0).deviceId(), 0, lengthBytes, UserBuffer.of(buffer), 0));
        assertThat(facts.hardware().lengthBytes()).isEqualTo(INFO.length);
        return buffer;
    }

    private static void onAndOff(Fixture kernel, int hwpt) {
        kernel.ok(new SetDirtyTracking(SetDirtyTracking.ENABLE, hwpt));
        kernel.ok(new SetDirtyTracking(0, hwpt));
    }

    /** Dirties every other page of areas of every size, then reads as often as told at a byte of the buffer. */
    private static void readDirty(int byteOffset, int flags, int times) {
        for (int size : SIZES) {
            Fixture kernel = new Fixture(io.viommufleet.agent.iommufd.KernelBehaviour.LINUX_7_0);
            Tracked tracked = new Tracked(kernel);
            tracked.map(MemoryObject.ofPages(size));
            int pages = size / IO_PAGE;
            BitSet dirty = new BitSet();
            for (int page = 0; page < pages; page += 2) {
                dirty.set(page);
            }
            assertThat(tracked.dirty(dirty, size)).isEqualTo(dirty.cardinality());
            for (int time = 0; time < times; time++) {
                boolean cleared = time > 0 && (flags & GetDirtyBitmap.NO_CLEAR) == 0;
                assertThat(tracked.read(byteOffset, flags, size))
                        .as("%d bytes, reading %d", size, time)
                        .isEqualTo(cleared ? new BitSet() : dirty);
            }
            kernel.closeEverything();
        }
    }

    private static void readHuge(Fixture kernel) {
        int size = 64 << 20;
        Tracked tracked = new Tracked(kernel, 1);
        tracked.map(MemoryObject.ofHugePages(size));
        int pagesPerEntry = HUGE_IO_PAGE / IO_PAGE;
        BitSet dirty = new BitSet();
        BitSet expected = new BitSet();
        for (int page = 0; page < size / IO_PAGE; page += 2 * pagesPerEntry) {
            dirty.set(page);
            expected.set(page, page + pagesPerEntry);
        }
        tracked.dirty(dirty, size);
        assertThat(tracked.read(0, 0, size)).isEqualTo(expected);
        assertThat(tracked.read(0, 0, size)).isEqualTo(new BitSet());
    }

    /** A HWPT that tracks, with a device on it. */
    private static final class Tracked {
        private final Fixture kernel;
        private final int ioas;
        private final int hwpt;

        Tracked(Fixture kernel) {
            this(kernel, 0);
        }

        /** With a format of page table: 0 for pages from 2 KiB, 1 for pages of 4 KiB and 1 MiB. */
        Tracked(Fixture kernel, int format) {
            this.kernel = kernel;
            ioas = kernel.ioas();
            if (format == 0) {
                kernel.ok(new SetOption(SetOption.HUGE_PAGES, SetOption.SET, ioas, 0, 0));
            }
            int id = kernel.device(ioas).deviceId();
            UserData data = new UserData(Fixture.SELFTEST, 8, Fixture.words(0, format));
            hwpt = kernel.ok(new HwptAlloc(DIRTY_TRACKING, id, ioas, data, 0, 0))
                    .hwptId();
            kernel.ok(new SetDirtyTracking(SetDirtyTracking.ENABLE, hwpt));
        }

        void map(MemoryObject memory) {
            kernel.mapMemory(ADDRESS, memory);
            kernel.ok(new IoasMap(FIXED_RW, ioas, ADDRESS, memory.sizeBytes(), BASE));
        }

        long dirty(BitSet pages, long lengthBytes) {
            byte[] bitmap = Arrays.copyOf(pages.toByteArray(), (int) (lengthBytes / IO_PAGE / Byte.SIZE + 1));
            return kernel.ok(new DomainTests.MarkDirty(hwpt, BASE, lengthBytes, IO_PAGE, UserBuffer.of(bitmap)))
                    .pages();
        }

        /** Reads at a byte of memory of the process, so that the pointer itself is not aligned. */
        BitSet read(int byteOffset, int flags, int lengthBytes) {
            long address = 0x630000000000L;
            int bytes = (lengthBytes / IO_PAGE + Byte.SIZE - 1) / Byte.SIZE;
            kernel.process.memory().unmap(address, 1 << 20);
            kernel.mapMemory(address, MemoryObject.ofPages(1 << 20));
            UserBuffer bitmap = UserBuffer.at(kernel.process.memory(), address + byteOffset);
            kernel.ok(new GetDirtyBitmap(flags, hwpt, BASE, lengthBytes, IO_PAGE, bitmap, 0));
            byte[] read = new byte[bytes];
            try {
                bitmap.read(0, read);
            } catch (io.viommufleet.agent.iommufd.system.KernelFailure failure) {
                throw new AssertionError(failure);
            }
            return BitSet.valueOf(read);
        }
    }
}
