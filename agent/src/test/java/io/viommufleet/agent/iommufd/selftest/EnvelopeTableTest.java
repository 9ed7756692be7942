package io.viommufleet.agent.iommufd.selftest;

import static io.viommufleet.agent.iommufd.selftest.Fixture.BASE;
import static io.viommufleet.agent.iommufd.selftest.Fixture.P;
import static io.viommufleet.agent.iommufd.selftest.Row.row;
import static io.viommufleet.agent.iommufd.system.Errno.E2BIG;
import static io.viommufleet.agent.iommufd.system.Errno.EBUSY;
import static io.viommufleet.agent.iommufd.system.Errno.EFAULT;
import static io.viommufleet.agent.iommufd.system.Errno.EINVAL;
import static io.viommufleet.agent.iommufd.system.Errno.ENOENT;
import static io.viommufleet.agent.iommufd.system.Errno.ENOTTY;
import static org.assertj.core.api.Assertions.assertThat;

import io.viommufleet.agent.iommufd.Destroy;
import io.viommufleet.agent.iommufd.system.Errno;
import io.viommufleet.agent.uapi.IommufdIoctls;
import io.viommufleet.agent.uapi.StructLayout;
import io.viommufleet.agent.uapi.SystemCalls;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.Objects;

/** Table A: the size rule of the structs, DESTROY, and what closing a context frees. */
final class EnvelopeTableTest extends ConformanceTable {
    private static final int BELOW_FIRST_IOCTL = 0x3b7f;

    @Override
    List<Row> rows() {
        return List.of(
                row(1, "DESTROY of id 0 is ENOENT", kernel -> kernel.fails(ENOENT, new Destroy(0))),
                row(
                        2,
                        "DESTROY with a NULL pointer is EFAULT",
                        kernel -> assertThat(destroy(kernel, MemorySegment.ofArray(new byte[0])))
                                .isEqualTo(code(EFAULT))),
                row(
                        3,
                        "a number just below the first is ENOTTY",
                        kernel -> assertThat(SystemCalls.ioctl(
                                        kernel.process, kernel.contextFd, BELOW_FIRST_IOCTL, struct(8, 8, 0)))
                                .isEqualTo(code(ENOTTY))),
                row(
                        4,
                        "a tail of zeroes is accepted",
                        kernel -> assertThat(destroy(kernel, struct(16, 16, 0))).isEqualTo(code(ENOENT))),
                row(
                        5,
                        "a tail that is not zero is E2BIG",
                        kernel -> assertThat(destroy(kernel, struct(16, 16, 1))).isEqualTo(code(E2BIG))),
                row(
                        6,
                        "what lies beyond the size is ignored",
                        kernel -> assertThat(destroy(kernel, struct(8, 16, 1))).isEqualTo(code(ENOENT))),
                row(
                        7,
                        "a size below the least is EINVAL",
                        kernel -> assertThat(destroy(kernel, struct(7, 8, 0))).isEqualTo(code(EINVAL))),
                sizes(8, "DESTROY", 8, 8),
                sizes(9, "GET_HW_INFO", 32, 40),
                sizes(10, "HWPT_ALLOC", 24, 48),
                sizes(11, "HWPT_INVALIDATE", 32, 32),
                sizes(12, "IOAS_ALLOC", 12, 12),
                sizes(13, "IOAS_IOVA_RANGES", 32, 32),
                sizes(14, "IOAS_ALLOW_IOVAS", 24, 24),
                sizes(15, "IOAS_MAP", 40, 40),
                sizes(16, "IOAS_COPY", 40, 40),
                sizes(17, "IOAS_UNMAP", 24, 24),
                sizes(18, "OPTION", 24, 24),
                sizes(19, "VFIO_IOAS", 12, 12),
                sizes(20, "IOAS_MAP_FILE", 40, 40),
                sizes(21, "VIOMMU_ALLOC", 24, 40),
                sizes(22, "VDEVICE_ALLOC", 24, 24),
                sizes(23, "IOAS_CHANGE_PROCESS", 8, 8),
                row(24, "an empty context closes", Fixture::closeEverything),
                row(25, "an IOAS without device can be destroyed", kernel -> kernel.ok(new Destroy(kernel.ioas()))),
                row(
                        26,
                        "an IOAS with a device is EBUSY",
                        kernel -> kernel.fails(EBUSY, new Destroy(kernel.ioasWith(1)))),
                row(27, "closing frees an IOAS", kernel -> {
                    kernel.ioas();
                    kernel.closeEverything();
                }),
                row(28, "an area alone does not keep an IOAS", kernel -> {
                    int ioas = kernel.ioas();
                    kernel.map(ioas, BASE, P);
                    kernel.ok(new Destroy(ioas));
                }),
                row(29, "an area and a device keep an IOAS: EBUSY", kernel -> {
                    int ioas = kernel.ioasWith(1);
                    kernel.map(ioas, BASE, P);
                    kernel.fails(EBUSY, new Destroy(ioas));
                }),
                row(30, "closing unpins ten areas", EnvelopeTableTest::closeWithAreas),
                row(
                        31,
                        "a mock device for id 0 is ENOENT",
                        kernel -> kernel.fails(ENOENT, new DeviceTests.MakeDevice(0, 0))),
                row(32, "a second device attaches to an automatic HWPT by its id", kernel -> {
                    DeviceTests.MakeDevice.Made first = kernel.device(kernel.ioas());
                    assertThat(kernel.device(first.hwptId()).hwptId()).isEqualTo(first.hwptId());
                }));
    }

    /** A zeroed struct of every interesting size: too short, too long, exact, and too long by a zero. */
    private static Row sizes(int number, String ioctl, int minimumBytes, int knownBytes) {
        String text = "%s needs %d bytes and knows %d".formatted(ioctl, minimumBytes, knownBytes);
        return row(number, text, kernel -> {
            assertThat(call(kernel, ioctl, struct(minimumBytes - 1, knownBytes + 1, 0xff)))
                    .isEqualTo(code(EINVAL));
            assertThat(call(kernel, ioctl, struct(knownBytes + 1, knownBytes + 1, 0xff)))
                    .isEqualTo(code(E2BIG));
            int exact = call(kernel, ioctl, struct(knownBytes, knownBytes + 1, 0xff));
            assertThat(exact).isNotEqualTo(code(E2BIG));
            assertThat(call(kernel, ioctl, struct(knownBytes + 1, knownBytes + 1, 0)))
                    .isEqualTo(exact);
        });
    }

    private static void closeWithAreas(Fixture kernel) {
        for (int devices = 0; devices <= 2; devices++) {
            int ioas = kernel.ioasWith(devices);
            for (int page = 0; page < 10; page++) {
                kernel.map(ioas, BASE + (long) page * P, P);
            }
        }
        assertThat(kernel.pinnedPages()).isPositive();
        kernel.closeEverything();
    }

    private static int destroy(Fixture kernel, MemorySegment struct) {
        return call(kernel, "DESTROY", struct);
    }

    private static int call(Fixture kernel, String ioctl, MemorySegment struct) {
        StructLayout layout = Objects.requireNonNull(IommufdIoctls.named(ioctl)).layout();
        return SystemCalls.ioctl(kernel.process, kernel.contextFd, layout.request(), struct);
    }

    /** Zeroes of a length that ends in {@code lastByte} and claims a size. */
    private static MemorySegment struct(int size, int lengthBytes, int lastByte) {
        MemorySegment segment = MemorySegment.ofArray(new byte[lengthBytes]);
        segment.set(ValueLayout.JAVA_INT_UNALIGNED, 0, size);
        if (lastByte != 0) {
            segment.set(ValueLayout.JAVA_BYTE, lengthBytes - 1, (byte) lastByte);
        }
        return segment;
    }

    private static int code(Errno errno) {
        return -errno.number();
    }
}
