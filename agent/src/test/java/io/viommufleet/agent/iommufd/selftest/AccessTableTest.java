package io.viommufleet.agent.iommufd.selftest;

import static io.viommufleet.agent.iommufd.selftest.Fixture.BASE;
import static io.viommufleet.agent.iommufd.selftest.Fixture.BUFFER;
import static io.viommufleet.agent.iommufd.selftest.Fixture.FIXED_RW;
import static io.viommufleet.agent.iommufd.selftest.Fixture.P;
import static io.viommufleet.agent.iommufd.selftest.Row.row;
import static io.viommufleet.agent.iommufd.system.Errno.ENOENT;
import static org.assertj.core.api.Assertions.assertThat;

import io.viommufleet.agent.iommufd.Destroy;
import io.viommufleet.agent.iommufd.IoasMap;
import io.viommufleet.agent.iommufd.system.KernelFailure;
import io.viommufleet.agent.iommufd.system.MemoryObject;
import io.viommufleet.agent.iommufd.system.PageMath;
import io.viommufleet.agent.iommufd.system.UserBuffer;
import java.util.List;
import java.util.Random;

/** Table F: in-kernel users of an IOAS. */
final class AccessTableTest extends ConformanceTable {
    private static final long AREA_BYTES = 16L * P;
    private static final long HUGE_ADDRESS = 0x610000000000L;
    private static final int WRITE = 1;
    private static final int SLOW = 4;
    private static final int REACH = 50;
    private static final int LONGEST = 63;

    @Override
    List<Row> rows() {
        return List.of(
                row(124, "a device can go while an access has pages pinned", AccessTableTest::destroyDeviceWhilePinned),
                row(125, "and the access unpins and closes after that", kernel -> {
                    Pinned pinned = destroyDeviceWhilePinned(kernel);
                    kernel.ok(new AccessTests.UnpinPages(pinned.access(), pinned.item()));
                    kernel.close(pinned.access());
                }),
                row(126, "an access pins the pages that the process sees", kernel -> {
                    int access = accessOnArea(kernel);
                    for (int pages = 1; pages < 16; pages++) {
                        int item = pin(kernel, access, (long) pages * P);
                        assertThat(kernel.pinnedPages()).isEqualTo(pages);
                        kernel.ok(new AccessTests.UnpinPages(access, item));
                    }
                }),
                row(127, "a range pinned twice is unpinned twice", kernel -> {
                    int access = accessOnArea(kernel);
                    int first = pin(kernel, access, P);
                    int second = pin(kernel, access, P);
                    kernel.ok(new AccessTests.UnpinPages(access, first));
                    assertThat(kernel.pinnedPages()).isOne();
                    kernel.ok(new AccessTests.UnpinPages(access, second));
                    assertThat(kernel.pinnedPages()).isZero();
                }),
                row(128, "a device joins and leaves what an access has pinned", kernel -> {
                    int ioas = kernel.ioas();
                    kernel.map(ioas, BASE, AREA_BYTES);
                    pin(kernel, access(kernel, ioas), AREA_BYTES);
                    DeviceTests.MakeDevice.Made device = kernel.device(ioas);
                    kernel.ok(new DomainTests.CheckMap(device.hwptId(), BASE, AREA_BYTES, BUFFER));
                    kernel.ok(new Destroy(device.selftestId()));
                    assertThat(kernel.pinnedPages()).isEqualTo(16);
                }),
                row(129, "UNMAP makes an access unpin", AccessTableTest::unmapPinned),
                row(130, "and the old pin is ENOENT then", kernel -> {
                    Pinned pinned = unmapPinned(kernel);
                    kernel.fails(ENOENT, new AccessTests.UnpinPages(pinned.access(), pinned.item()));
                }),
                row(131, "reading and writing at every offset around a page's end", kernel -> sweep(kernel, BASE, 0)),
                row(132, "the same on the slow path", kernel -> sweep(kernel, BASE, SLOW)),
                row(133, "reading many pages at once", AccessTableTest::readAll),
                row(134, "reading and writing an area at half a page", kernel -> sweep(kernel, BASE + P / 2, 0)),
                row(135, "moving an access revokes its pins", kernel -> {
                    int first = kernel.ioas();
                    kernel.map(first, BASE, AREA_BYTES);
                    int access = access(kernel, first);
                    int item = pin(kernel, access, P);
                    int second = kernel.ioas();
                    kernel.map(second, BASE, AREA_BYTES);
                    kernel.ok(new AccessTests.Replace(access, second));
                    assertThat(kernel.pinnedPages()).isZero();
                    kernel.fails(ENOENT, new AccessTests.UnpinPages(access, item));
                    kernel.ok(new Destroy(first));
                }),
                row(
                        136,
                        "each call of an access that reads and writes fails cleanly",
                        kernel -> FaultSweep.accessReadWrite()),
                row(137, "each call of an access that pins fails cleanly", kernel -> {
                    FaultSweep.accessPin(false);
                    FaultSweep.accessPin(true);
                }));
    }

    /** An access and what it has pinned. */
    private record Pinned(int access, int item) {}

    private static Pinned destroyDeviceWhilePinned(Fixture kernel) {
        kernel.mapMemory(HUGE_ADDRESS, MemoryObject.ofHugePages(2 * PageMath.HUGE_PAGE_SIZE));
        int ioas = kernel.ioas();
        DeviceTests.MakeDevice.Made device = kernel.device(ioas);
        kernel.ok(new IoasMap(FIXED_RW, ioas, HUGE_ADDRESS, 2 * PageMath.HUGE_PAGE_SIZE, BASE));
        int access = access(kernel, ioas);
        long at = PageMath.HUGE_PAGE_SIZE / 2;
        int item = kernel.ok(new AccessTests.PinPages(access, 0, BASE + at, P, HUGE_ADDRESS + at))
                .item();
        kernel.ok(new Destroy(device.selftestId()));
        assertThat(kernel.pinnedPages()).isOne();
        return new Pinned(access, item);
    }

    private static int access(Fixture kernel, int ioas) {
        return kernel.ok(new AccessTests.Create(ioas, 1)).fd();
    }

    private static int accessOnArea(Fixture kernel) {
        int ioas = kernel.ioas();
        kernel.map(ioas, BASE, AREA_BYTES);
        return access(kernel, ioas);
    }

    private static int pin(Fixture kernel, int access, long lengthBytes) {
        return kernel.ok(new AccessTests.PinPages(access, WRITE, BASE, lengthBytes, BUFFER))
                .item();
    }

    private static Pinned unmapPinned(Fixture kernel) {
        int ioas = kernel.ioas();
        kernel.map(ioas, BASE, AREA_BYTES);
        int access = access(kernel, ioas);
        int item = pin(kernel, access, AREA_BYTES);
        assertThat(kernel.unmap(ioas, BASE, AREA_BYTES)).isEqualTo(AREA_BYTES);
        assertThat(kernel.pinnedPages()).isZero();
        return new Pinned(access, item);
    }

    private static byte[] randomBuffer(Fixture kernel) throws KernelFailure {
        byte[] contents = new byte[(int) AREA_BYTES];
        new Random(Long.getLong("seed", 7)).nextBytes(contents);
        kernel.process.memory().write(BUFFER, contents);
        return contents;
    }

    private static void sweep(Fixture kernel, long areaIova, int flags) throws KernelFailure {
        byte[] contents = randomBuffer(kernel);
        int ioas = kernel.ioas();
        kernel.map(ioas, areaIova, AREA_BYTES);
        int access = kernel.ok(new AccessTests.Create(ioas, 0)).fd();
        for (int at = P - REACH; at < P + REACH; at++) {
            for (int length = 1; length <= LONGEST; length++) {
                readBack(kernel, access, flags, areaIova + at, slice(contents, at, length));
                writeThrough(kernel, access, flags, areaIova + at, BUFFER + at, length);
                kernel.process.memory().write(BUFFER + at, slice(contents, at, length));
            }
        }
        kernel.unmap(ioas, areaIova, AREA_BYTES);
    }

    private static void readBack(Fixture kernel, int access, int flags, long iova, byte[] expected) {
        byte[] read = new byte[expected.length];
        kernel.ok(new AccessTests.ReadWrite(access, flags, iova, read.length, UserBuffer.of(read)));
        assertThat(read).isEqualTo(expected);
    }

    private static void writeThrough(Fixture kernel, int access, int flags, long iova, long address, int length)
            throws KernelFailure {
        byte[] written = new byte[length];
        java.util.Arrays.fill(written, (byte) length);
        kernel.ok(new AccessTests.ReadWrite(access, flags | WRITE, iova, length, UserBuffer.of(written)));
        byte[] seen = new byte[length];
        kernel.process.memory().read(address, seen);
        assertThat(seen).isEqualTo(written);
    }

    private static void readAll(Fixture kernel) throws KernelFailure {
        byte[] contents = randomBuffer(kernel);
        int ioas = kernel.ioas();
        kernel.map(ioas, BASE, AREA_BYTES);
        readBack(kernel, kernel.ok(new AccessTests.Create(ioas, 0)).fd(), 0, BASE, contents);
    }

    private static byte[] slice(byte[] bytes, int from, int length) {
        return java.util.Arrays.copyOfRange(bytes, from, from + length);
    }
}
