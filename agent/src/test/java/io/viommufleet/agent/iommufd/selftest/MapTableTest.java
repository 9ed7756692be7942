package io.viommufleet.agent.iommufd.selftest;

import static io.viommufleet.agent.iommufd.MapFlags.READABLE;
import static io.viommufleet.agent.iommufd.selftest.Fixture.AUTO_RW;
import static io.viommufleet.agent.iommufd.selftest.Fixture.BASE;
import static io.viommufleet.agent.iommufd.selftest.Fixture.BUFFER;
import static io.viommufleet.agent.iommufd.selftest.Fixture.BUFFER_BYTES;
import static io.viommufleet.agent.iommufd.selftest.Fixture.FIXED_RW;
import static io.viommufleet.agent.iommufd.selftest.Fixture.P;
import static io.viommufleet.agent.iommufd.selftest.Row.row;
import static io.viommufleet.agent.iommufd.system.Errno.EADDRINUSE;
import static io.viommufleet.agent.iommufd.system.Errno.EEXIST;
import static io.viommufleet.agent.iommufd.system.Errno.EFAULT;
import static io.viommufleet.agent.iommufd.system.Errno.EINVAL;
import static io.viommufleet.agent.iommufd.system.Errno.ENOENT;
import static io.viommufleet.agent.iommufd.system.Errno.ENOSPC;
import static org.assertj.core.api.Assertions.assertThat;

import io.viommufleet.agent.iommufd.IoasAllowIovas;
import io.viommufleet.agent.iommufd.IoasMap;
import io.viommufleet.agent.iommufd.IoasUnmap;
import io.viommufleet.agent.iommufd.Iommufd;
import io.viommufleet.agent.iommufd.iova.IovaRange;
import io.viommufleet.agent.iommufd.system.Credentials;
import io.viommufleet.agent.iommufd.system.Errno;
import io.viommufleet.agent.iommufd.system.KernelFailure;
import io.viommufleet.agent.iommufd.system.UserBuffer;
import io.viommufleet.agent.iommufd.system.UserProcess;
import java.util.ArrayList;
import java.util.List;

/** Table C: mapping, unmapping, and where the allocator places areas. */
final class MapTableTest extends ConformanceTable {
    private static final long MAX = -1L;
    private static final int IO_PAGE = P / 2;

    @Override
    List<Row> rows() {
        List<Row> rows = new ArrayList<>(areas());
        rows.addAll(placement());
        rows.addAll(translation());
        rows.addAll(faults());
        return rows;
    }

    private static List<Row> areas() {
        return List.of(
                row(58, "UNMAP of a page where nothing is mapped is ENOENT", kernel -> {
                    int ioas = kernel.ioas();
                    for (int page = 0; page < 10; page++) {
                        kernel.fails(ENOENT, new IoasUnmap(ioas, (long) page * P, P));
                    }
                }),
                row(59, "ten fixed areas of the same memory, mapped and unmapped", kernel -> {
                    mapAndUnmapTen(kernel, kernel.ioas(), 0);
                    mapAndUnmapTen(kernel, kernel.ioasWith(1), BASE);
                }),
                beside(60, "UNMAP of the first of two pages is ENOENT", ENOENT, false, 16, 1),
                beside(61, "UNMAP of the second of two pages is ENOENT", ENOENT, false, 17, 1),
                beside(62, "MAP over the same pages is EEXIST", EEXIST, true, 16, 2),
                beside(63, "MAP over the first page is EEXIST", EEXIST, true, 16, 1),
                beside(64, "MAP over the second page is EEXIST", EEXIST, true, 17, 1),
                beside(65, "MAP that ends inside is EEXIST", EEXIST, true, 15, 2),
                beside(66, "MAP around it is EEXIST", EEXIST, true, 15, 3),
                row(67, "UNMAP of everything succeeds", kernel -> {
                    int ioas = kernel.ioasWith(1);
                    kernel.map(ioas, BASE, P);
                    kernel.map(ioas, BASE + 4L * P, 2L * P);
                    assertThat(kernel.unmap(ioas, 0, MAX)).isEqualTo(3L * P);
                }),
                row(68, "UNMAP of everything in an empty IOAS succeeds", kernel -> {
                    assertThat(kernel.unmap(kernel.ioas(), 0, MAX)).isZero();
                    assertThat(kernel.unmap(kernel.ioasWith(1), 0, MAX)).isZero();
                }),
                row(69, "UNMAP that ends within the first of four areas is ENOENT", kernel -> {
                    int ioas = fourAreas(kernel);
                    kernel.fails(ENOENT, new IoasUnmap(ioas, BASE + 4L * P, 8L * P));
                }),
                row(70, "UNMAP that begins within the last of four areas is ENOENT", kernel -> {
                    int ioas = fourAreas(kernel);
                    kernel.fails(ENOENT, new IoasUnmap(ioas, BASE + (8 + 48 + 4L) * P, 8L * P));
                }),
                row(71, "UNMAP around four areas and the holes between unmaps 32 pages", kernel -> {
                    int ioas = fourAreas(kernel);
                    assertThat(kernel.unmap(ioas, BASE + 4L * P, (3L * 16 + 8 + 4) * P))
                            .isEqualTo(32L * P);
                }));
    }

    private static List<Row> placement() {
        return List.of(
                row(72, "ten areas placed by the kernel and unmapped", kernel -> {
                    for (int devices = 0; devices <= 2; devices++) {
                        int ioas = kernel.ioasWith(devices);
                        List<Long> iovas = new ArrayList<>();
                        for (int page = 0; page < 10; page++) {
                            iovas.add(kernel.mapAuto(ioas, BUFFER, P));
                        }
                        iovas.forEach(iova -> kernel.unmap(ioas, iova, P));
                    }
                }),
                row(73, "areas are placed at multiples of their length's lowest bit", kernel -> {
                    placeGrowing(kernel, kernel.ioas(), 0x80000000L);
                    placeGrowing(kernel, kernel.ioasWith(1), BUFFER);
                }),
                row(74, "areas are placed around a reserved range", kernel -> {
                    for (int devices = 0; devices <= 1; devices++) {
                        int ioas = kernel.ioasWith(devices);
                        kernel.ok(new DomainTests.AddReserved(ioas, 4L * P, 100L * P));
                        IovaRange reserved = new IovaRange(4L * P, 104L * P - 1);
                        for (IovaRange area : placeGrowing(kernel, ioas, BUFFER)) {
                            assertThat(reserved.overlaps(area.start(), area.last()))
                                    .as("%s", area)
                                    .isFalse();
                        }
                    }
                }),
                row(75, "ALLOW_IOVAS over a reserved range is EADDRINUSE", kernel -> {
                    int ioas = kernel.ioas();
                    kernel.ok(new DomainTests.AddReserved(ioas, 4L * P, 100L * P));
                    kernel.fails(EADDRINUSE, IoasAllowIovas.of(ioas, List.of(new IovaRange(P, 600L * P))));
                }),
                row(76, "areas are placed inside the allowed range", kernel -> {
                    placeAllowed(kernel, kernel.ioas(), new IovaRange(200L * P, 600L * P - 1));
                    placeAllowed(kernel, kernel.ioasWith(1), new IovaRange(BASE + P, BASE + 600L * P - 1));
                }),
                row(77, "a reservation of almost everything leaves no space: ENOSPC", kernel -> {
                    int ioas = kernel.ioas();
                    kernel.ok(new DomainTests.AddReserved(ioas, 6, 0xffffffffffff8001L));
                    kernel.fails(ENOSPC, new IoasMap(AUTO_RW, ioas, BUFFER, 0x5000, 0));
                }),
                row(78, "a reservation inside the allowed range is EADDRINUSE", kernel -> {
                    allowAndReserve(kernel, kernel.ioas());
                    allowAndReserve(kernel, kernel.ioasWith(1));
                }),
                row(79, "ALLOW_IOVAS of nothing clears the list", kernel -> {
                    int ioas = kernel.ioas();
                    allowAndReserve(kernel, ioas);
                    clearAllowed(kernel, ioas);
                }),
                row(80, "with the list cleared the reservation succeeds", kernel -> {
                    int ioas = kernel.ioas();
                    allowAndReserve(kernel, ioas);
                    clearAllowed(kernel, ioas);
                    kernel.ok(new DomainTests.AddReserved(ioas, BASE + P, P));
                }),
                row(81, "and then the range cannot be allowed again: EADDRINUSE", kernel -> {
                    int ioas = kernel.ioas();
                    kernel.ok(new DomainTests.AddReserved(ioas, BASE + P, P));
                    kernel.fails(EADDRINUSE, IoasAllowIovas.of(ioas, List.of(new IovaRange(BASE, BASE + 600L * P))));
                }),
                row(82, "without HWPT any length can be mapped", kernel -> {
                    int ioas = kernel.ioas();
                    for (int length = 1; length < 2 * P; length++) {
                        kernel.unmap(ioas, kernel.mapAuto(ioas, BUFFER, length), length);
                    }
                }),
                row(83, "with a mock HWPT a length that is no multiple of 2048 is EINVAL", kernel -> {
                    int ioas = kernel.ioasWith(1);
                    for (int length = 1; length < IO_PAGE; length++) {
                        kernel.fails(EINVAL, new IoasMap(AUTO_RW, ioas, BUFFER, length, 0));
                        kernel.fails(EINVAL, new IoasMap(AUTO_RW, ioas, BUFFER, length + IO_PAGE, 0));
                    }
                }),
                row(84, "with a mock HWPT a multiple of 2048 can be mapped", kernel -> {
                    int ioas = kernel.ioasWith(1);
                    for (int length = IO_PAGE; length <= 2 * P; length += IO_PAGE) {
                        kernel.unmap(ioas, kernel.mapAuto(ioas, BUFFER, length), length);
                    }
                }));
    }

    private static List<Row> translation() {
        return List.of(
                row(85, "every HWPT translates what was mapped", kernel -> {
                    int ioas = kernel.ioas();
                    int first = kernel.device(ioas).hwptId();
                    int second = kernel.hwpt(kernel.device(ioas), ioas, 0);
                    long iova = kernel.mapAuto(ioas, BUFFER, P);
                    kernel.ok(new DomainTests.CheckMap(first, iova, P, BUFFER));
                    kernel.ok(new DomainTests.CheckMap(second, iova, P, BUFFER));
                    kernel.fails(EINVAL, new DomainTests.CheckMap(first, iova, P, BUFFER + P));
                }),
                row(86, "half of the memory missing is EFAULT and leaves nothing mapped", kernel -> {
                    int ioas = kernel.ioasWith(1);
                    kernel.process.memory().unmap(BUFFER + BUFFER_BYTES / 2, BUFFER_BYTES / 2);
                    kernel.fails(EFAULT, new IoasMap(AUTO_RW, ioas, BUFFER, BUFFER_BYTES, 0));
                    assertThat(kernel.pinnedPages()).isZero();
                    assertThat(kernel.unmap(ioas, 0, MAX)).isZero();
                }),
                row(87, "all of the memory missing is EFAULT", kernel -> {
                    int ioas = kernel.ioasWith(1);
                    kernel.process.memory().unmap(BUFFER, BUFFER_BYTES);
                    kernel.fails(EFAULT, new IoasMap(AUTO_RW, ioas, BUFFER, BUFFER_BYTES, 0));
                }),
                row(88, "a read-only mapping translates to what the process sees, also after it wrote", kernel -> {
                    int ioas = kernel.ioas();
                    int hwpt = kernel.device(ioas).hwptId();
                    long iova =
                            kernel.ok(new IoasMap(READABLE, ioas, BUFFER, P, 0)).iova();
                    kernel.ok(new DomainTests.CheckMap(hwpt, iova, P, BUFFER));
                    kernel.process.memory().write(BUFFER, new byte[] {1});
                    kernel.ok(new DomainTests.CheckMap(hwpt, iova, P, BUFFER));
                }),
                row(89, "areas of every start and end in steps of 2048", kernel -> {
                    for (int devices = 1; devices <= 2; devices++) {
                        everyAlignment(kernel, devices, false);
                    }
                }),
                row(
                        90,
                        "a second device for each of them pins nothing twice",
                        kernel -> everyAlignment(kernel, 1, true)),
                row(91, "memory of a process that is gone is copied from the HWPT that has it", kernel -> {
                    int ioas = kernel.ioasWith(1);
                    mapAndExit(kernel, ioas);
                    kernel.device(ioas);
                }),
                row(92, "memory of a process that is gone cannot be pinned any more: EFAULT", kernel -> {
                    int ioas = kernel.ioas();
                    mapAndExit(kernel, ioas);
                    kernel.fails(EFAULT, new DeviceTests.MakeDevice(ioas, 0));
                }),
                row(93, "memory of another process that lives is used", MapTableTest::otherProcess));
    }

    private static List<Row> faults() {
        return List.of(
                row(94, "each call of mapping, copying and unmapping fails cleanly", kernel -> FaultSweep.basic()),
                row(95, "one device, 256 KiB, detached and attached again: each call fails cleanly", kernel -> {
                    FaultSweep.mapWithDevices(1);
                    FaultSweep.pinLimits(1);
                }),
                row(96, "the same with two devices", kernel -> {
                    FaultSweep.mapWithDevices(2);
                    FaultSweep.pinLimits(2);
                }));
    }

    /** A call beside or over an area of two pages at page 16. */
    private static Row beside(int number, String text, Errno errno, boolean map, long page, long pages) {
        return row(number, text, kernel -> {
            for (int devices = 0; devices <= 1; devices++) {
                int ioas = kernel.ioasWith(devices);
                kernel.map(ioas, BASE + 16L * P, 2L * P);
                long iova = BASE + page * P;
                if (map) {
                    kernel.fails(errno, new IoasMap(FIXED_RW, ioas, BUFFER, pages * P, iova));
                } else {
                    kernel.fails(errno, new IoasUnmap(ioas, iova, pages * P));
                }
            }
        });
    }

    private static void mapAndUnmapTen(Fixture kernel, int ioas, long base) {
        for (int page = 0; page < 10; page++) {
            kernel.map(ioas, base + (long) page * P, P);
        }
        for (int page = 0; page < 10; page++) {
            assertThat(kernel.unmap(ioas, base + (long) page * P, P)).isEqualTo(P);
        }
    }

    /** Eight pages at pages 8, 24, 40 and 56. */
    private static int fourAreas(Fixture kernel) {
        int ioas = kernel.ioasWith(1);
        for (int area = 0; area < 4; area++) {
            kernel.map(ioas, BASE + (8 + 16L * area) * P, 8L * P);
        }
        return ioas;
    }

    private static List<IovaRange> placeGrowing(Fixture kernel, int ioas, long address) {
        List<IovaRange> areas = new ArrayList<>();
        for (int pages = 1; pages <= 10; pages++) {
            long length = (long) pages * P;
            long iova = kernel.mapAuto(ioas, address, length);
            assertThat(iova % Long.lowestOneBit(length)).as("%d pages", pages).isZero();
            areas.add(new IovaRange(iova, iova + length - 1));
        }
        areas.forEach(area -> kernel.unmap(ioas, area.start(), area.last() - area.start() + 1));
        return areas;
    }

    private static void placeAllowed(Fixture kernel, int ioas, IovaRange allowed) {
        kernel.ok(IoasAllowIovas.of(ioas, List.of(allowed)));
        for (IovaRange area : placeGrowing(kernel, ioas, BUFFER)) {
            assertThat(area.start()).isGreaterThanOrEqualTo(allowed.start());
            assertThat(area.last()).isLessThanOrEqualTo(allowed.last());
        }
    }

    private static void allowAndReserve(Fixture kernel, int ioas) {
        kernel.ok(IoasAllowIovas.of(ioas, List.of(new IovaRange(BASE, BASE + 600L * P))));
        kernel.fails(EADDRINUSE, new DomainTests.AddReserved(ioas, BASE + P, P));
    }

    private static void clearAllowed(Fixture kernel, int ioas) {
        kernel.ok(new IoasAllowIovas(ioas, 0, UserBuffer.ofNull(), 0));
    }

    private static void everyAlignment(Fixture kernel, int devices, boolean withSecondDevice) {
        int ioas = kernel.ioas();
        int hwpt = 0;
        for (int device = 0; device < devices; device++) {
            hwpt = kernel.device(ioas).hwptId();
        }
        int end = 8 * P;
        for (int start = 0; start < end; start += IO_PAGE) {
            for (int length = IO_PAGE; start + length <= end; length += IO_PAGE) {
                long iova = kernel.mapAuto(ioas, BUFFER + start, length);
                long pages = ((long) start + length + P - 1) / P - start / P;
                kernel.ok(new DomainTests.CheckMap(hwpt, iova, length, BUFFER + start));
                if (withSecondDevice) {
                    DeviceTests.MakeDevice.Made second = kernel.device(ioas);
                    kernel.ok(new DomainTests.CheckMap(second.hwptId(), iova, length, BUFFER + start));
                    assertThat(kernel.pinnedPages()).isEqualTo(pages);
                    kernel.ok(new io.viommufleet.agent.iommufd.Destroy(second.selftestId()));
                }
                assertThat(kernel.pinnedPages()).isEqualTo(pages);
                kernel.unmap(ioas, iova, length);
            }
        }
        assertThat(kernel.pinnedPages()).isZero();
    }

    private static void mapAndExit(Fixture kernel, int ioas) {
        UserProcess mapper = kernel.process(Credentials.root());
        Fixture.ok(kernel.context.callAs(mapper, new IoasMap(FIXED_RW, ioas, BUFFER, P, BASE)));
        mapper.memory().exit();
    }

    private static void otherProcess(Fixture kernel) throws KernelFailure {
        Iommufd context = kernel.context;
        UserProcess mapper = kernel.process(Credentials.root());
        byte[] written = {4, 7, 1, 1};
        mapper.memory().write(BUFFER, written);
        int ioas = kernel.ioas();
        Fixture.ok(context.callAs(mapper, new IoasMap(FIXED_RW, ioas, BUFFER, P, BASE)));
        kernel.device(ioas);
        int access = kernel.ok(new AccessTests.Create(ioas, 0)).fd();
        byte[] read = new byte[written.length];
        kernel.ok(new AccessTests.ReadWrite(access, 0, BASE, read.length, UserBuffer.of(read)));
        assertThat(read).isEqualTo(written);
    }
}
