package io.viommufleet.agent.iommufd.selftest;

import static io.viommufleet.agent.iommufd.selftest.Fixture.AUTO_RW;
import static io.viommufleet.agent.iommufd.selftest.Fixture.BASE;
import static io.viommufleet.agent.iommufd.selftest.Fixture.BUFFER;
import static io.viommufleet.agent.iommufd.selftest.Fixture.FIXED_RW;
import static io.viommufleet.agent.iommufd.selftest.Fixture.P;
import static io.viommufleet.agent.iommufd.selftest.Row.row;
import static io.viommufleet.agent.iommufd.system.Errno.EINVAL;
import static io.viommufleet.agent.iommufd.system.Errno.ENODEV;
import static io.viommufleet.agent.iommufd.system.Errno.ENOENT;
import static org.assertj.core.api.Assertions.assertThat;

import io.viommufleet.agent.iommufd.Destroy;
import io.viommufleet.agent.iommufd.IoasCopy;
import io.viommufleet.agent.iommufd.IoasMap;
import io.viommufleet.agent.iommufd.IoasMapFile;
import io.viommufleet.agent.iommufd.system.MemoryObject;
import java.util.ArrayList;
import java.util.List;

/** Table D: files, dma-bufs, and copying areas. */
final class FileTableTest extends ConformanceTable {
    private static final long FILE_BYTES = 8L * P;
    private static final long FILE_ADDRESS = 0x600000000000L;
    private static final long DMABUF_BYTES = 4L * P;
    private static final int IO_PAGE = P / 2;
    private static final int SWEEP_STEP = 511;
    private static final int SWEEP_AREA = 64 << 10;

    @Override
    List<Row> rows() {
        List<Row> rows = new ArrayList<>(files());
        rows.addAll(buffers());
        rows.addAll(copies());
        return rows;
    }

    private static List<Row> files() {
        return List.of(
                row(97, "a memfd is translated", kernel -> {
                    MemoryObject memory = MemoryObject.ofPages(FILE_BYTES);
                    int ioas = kernel.ioas();
                    int hwpt = kernel.device(ioas).hwptId();
                    long iova = mapFile(kernel, ioas, kernel.memfd(memory), 0, P);
                    kernel.mapMemory(FILE_ADDRESS, memory);
                    kernel.ok(new DomainTests.CheckMap(hwpt, iova, P, FILE_ADDRESS));
                }),
                row(98, "one byte beyond the end of a memfd is EINVAL", kernel -> {
                    int fd = kernel.memfd(MemoryObject.ofPages(FILE_BYTES));
                    int ioas = kernel.ioasWith(1);
                    kernel.fails(EINVAL, new IoasMapFile(AUTO_RW, ioas, fd, 0, FILE_BYTES + 1, 0));
                }),
                row(99, "a memfd cut to nothing is EINVAL", kernel -> {
                    MemoryObject memory = MemoryObject.ofPages(FILE_BYTES);
                    int fd = kernel.memfd(memory);
                    memory.resize(0);
                    int ioas = kernel.ioasWith(1);
                    kernel.fails(EINVAL, new IoasMapFile(AUTO_RW, ioas, fd, 0, FILE_BYTES, 0));
                }),
                row(100, "every piece of a memfd in steps of 2048", FileTableTest::everyPiece));
    }

    private static List<Row> buffers() {
        return List.of(
                refusedBuffer(101, "nothing of a dma-buf is EINVAL", 0, 0),
                refusedBuffer(102, "what lies behind a dma-buf is EINVAL", DMABUF_BYTES, DMABUF_BYTES),
                refusedBuffer(103, "one byte more than a dma-buf is EINVAL", 0, DMABUF_BYTES + 1),
                row(104, "all of a dma-buf can be mapped", kernel -> {
                    for (int devices = 0; devices <= 2; devices++) {
                        mapFile(kernel, kernel.ioasWith(devices), dmabuf(kernel), 0, DMABUF_BYTES);
                    }
                }),
                row(105, "a HWPT skips a dma-buf that is revoked", kernel -> {
                    int ioas = kernel.ioas();
                    DeviceTests.MakeDevice.Made device = kernel.device(ioas);
                    mapThenRevoke(kernel, ioas);
                    kernel.hwpt(device, ioas, 0);
                }),
                row(106, "a revoked dma-buf cannot be mapped: ENODEV", kernel -> {
                    int ioas = kernel.ioasWith(1);
                    int fd = mapThenRevoke(kernel, ioas).fd();
                    kernel.fails(ENODEV, new IoasMapFile(AUTO_RW, ioas, fd, 0, DMABUF_BYTES, 0));
                }),
                row(107, "given back it can be mapped at a new IOVA", kernel -> {
                    int ioas = kernel.ioasWith(1);
                    Revoked revoked = mapThenRevoke(kernel, ioas);
                    kernel.ok(new DmabufTests.Revoke(revoked.fd(), false));
                    assertThat(mapFile(kernel, ioas, revoked.fd(), 0, DMABUF_BYTES))
                            .isNotEqualTo(revoked.iova());
                }),
                row(108, "the old area can be unmapped and its place used again", kernel -> {
                    int ioas = kernel.ioasWith(1);
                    Revoked revoked = mapThenRevoke(kernel, ioas);
                    kernel.ok(new DmabufTests.Revoke(revoked.fd(), false));
                    kernel.unmap(ioas, revoked.iova(), DMABUF_BYTES);
                    kernel.ok(new IoasMapFile(FIXED_RW, ioas, revoked.fd(), 0, DMABUF_BYTES, revoked.iova()));
                }));
    }

    private static List<Row> copies() {
        return List.of(
                row(109, "an area is copied within its IOAS", kernel -> {
                    int ioas = kernel.ioas();
                    kernel.map(ioas, BASE, P);
                    kernel.ok(new IoasCopy(FIXED_RW, ioas, ioas, P, BASE + P, BASE));
                }),
                row(110, "an area is copied to IOVA 0 of another IOAS", kernel -> {
                    int ioas = kernel.ioas();
                    kernel.map(ioas, BASE, P);
                    assertThat(kernel.ok(new IoasCopy(FIXED_RW, kernel.ioas(), ioas, P, 0, BASE))
                                    .iova())
                            .isZero();
                }),
                row(111, "COPY of what reaches out of the source is ENOENT", kernel -> sweep(kernel, false)),
                row(112, "COPY of any bytes inside the source", kernel -> sweep(kernel, true)),
                row(113, "what an access has pinned is copied to an IOAS with a HWPT", kernel -> {
                    AccessCopy copy = copyPinned(kernel);
                    kernel.ok(new DomainTests.CheckMap(copy.hwpt(), BASE, 16L * P, BUFFER));
                }),
                row(114, "an IOAS that an access left can be destroyed", kernel -> {
                    AccessCopy copy = copyPinned(kernel);
                    kernel.unmap(copy.target(), BASE, 16L * P);
                    kernel.ok(new AccessTests.Replace(copy.access(), kernel.ioas()));
                    kernel.ok(new Destroy(copy.source()));
                }),
                row(115, "COPY finds a place within the same IOAS", kernel -> {
                    int ioas = kernel.ioas();
                    long iova = kernel.mapAuto(ioas, BUFFER, 0x4000);
                    long copied = kernel.ok(new IoasCopy(AUTO_RW, ioas, ioas, 160, 0, iova))
                            .iova();
                    assertThat(copied).isNotEqualTo(iova);
                }));
    }

    /** An area of a dma-buf that was revoked after it was mapped. */
    private record Revoked(int fd, long iova) {}

    /** Sixteen pages pinned by an access in one IOAS and copied to another one with a HWPT. */
    private record AccessCopy(int source, int access, int target, int hwpt) {}

    private static AccessCopy copyPinned(Fixture kernel) {
        int source = kernel.ioas();
        long iova = kernel.mapAuto(source, BUFFER, 16L * P);
        int access = kernel.ok(new AccessTests.Create(source, 1)).fd();
        kernel.ok(new AccessTests.PinPages(access, 1, iova, 16L * P, BUFFER));
        int target = kernel.ioas();
        int hwpt = kernel.device(target).hwptId();
        kernel.ok(new IoasCopy(FIXED_RW, target, source, 16L * P, BASE, iova));
        assertThat(kernel.pinnedPages()).isEqualTo(16);
        return new AccessCopy(source, access, target, hwpt);
    }

    private static Row refusedBuffer(int number, String text, long start, long lengthBytes) {
        return row(number, text, kernel -> {
            for (int devices = 0; devices <= 2; devices++) {
                int ioas = kernel.ioasWith(devices);
                kernel.fails(EINVAL, new IoasMapFile(AUTO_RW, ioas, dmabuf(kernel), start, lengthBytes, 0));
            }
        });
    }

    private static int dmabuf(Fixture kernel) {
        return kernel.ok(new DmabufTests.Export(DMABUF_BYTES)).fd();
    }

    private static Revoked mapThenRevoke(Fixture kernel, int ioas) {
        int fd = dmabuf(kernel);
        long iova = mapFile(kernel, ioas, fd, 0, DMABUF_BYTES);
        kernel.ok(new DmabufTests.Revoke(fd, true));
        return new Revoked(fd, iova);
    }

    private static long mapFile(Fixture kernel, int ioas, int fd, long start, long lengthBytes) {
        return kernel.ok(new IoasMapFile(AUTO_RW, ioas, fd, start, lengthBytes, 0))
                .iova();
    }

    private static void everyPiece(Fixture kernel) {
        MemoryObject memory = MemoryObject.ofPages(FILE_BYTES);
        kernel.mapMemory(FILE_ADDRESS, memory);
        int fd = kernel.memfd(memory);
        int ioas = kernel.ioas();
        int hwpt = kernel.device(ioas).hwptId();
        for (long start = 0; start < FILE_BYTES; start += IO_PAGE) {
            for (long length = IO_PAGE; start + length <= FILE_BYTES; length += IO_PAGE) {
                long iova = mapFile(kernel, ioas, fd, start, length);
                kernel.ok(new DomainTests.CheckMap(hwpt, iova, length, FILE_ADDRESS + start));
                assertThat(kernel.pinnedPages()).isEqualTo((start + length + P - 1) / P - start / P);
                kernel.unmap(ioas, iova, length);
            }
        }
    }

    private static void sweep(Fixture kernel, boolean inside) {
        for (int devices = 0; devices <= 1; devices++) {
            int source = kernel.ioasWith(devices);
            long areaBytes = devices == 0 ? SWEEP_AREA - 1 : SWEEP_AREA;
            kernel.ok(new IoasMap(FIXED_RW, source, BUFFER, areaBytes, BASE));
            int target = kernel.ioas();
            for (long start = BASE - P; start < BASE + SWEEP_AREA + 2L * P; start += SWEEP_STEP) {
                boolean fits = start >= BASE && start + IO_PAGE <= BASE + areaBytes;
                IoasCopy copy = new IoasCopy(FIXED_RW, target, source, IO_PAGE, BASE, start);
                if (fits && inside) {
                    kernel.ok(copy);
                    kernel.unmap(target, BASE, IO_PAGE);
                } else if (!fits && !inside) {
                    kernel.fails(ENOENT, copy);
                }
            }
        }
    }
}
