package io.viommufleet.agent.uapi;

import static org.assertj.core.api.Assertions.assertThat;

import io.viommufleet.agent.iommufd.EmulatedKernel;
import io.viommufleet.agent.iommufd.Iommufd;
import io.viommufleet.agent.iommufd.KernelBehaviour;
import io.viommufleet.agent.iommufd.system.Credentials;
import io.viommufleet.agent.iommufd.system.Errno;
import io.viommufleet.agent.iommufd.system.UserAccount;
import io.viommufleet.agent.iommufd.system.UserProcess;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** The rows "Envelope and DESTROY" of the conformance table (1 to 23), and what a pointer to missing memory does. */
class SystemCallsTest {
    private static final int DESTROY = 0x3b80;
    private static final int IOAS_ALLOC = 0x3b81;

    private final UserProcess process = new UserProcess(new UserAccount(), Credentials.root());
    private final Iommufd context = new EmulatedKernel(KernelBehaviour.LINUX_7_0, false).open(process);
    private int fd;

    @BeforeEach
    void open() {
        fd = context.install();
    }

    private int ioctl(int request, MemorySegment argument) {
        return SystemCalls.ioctl(process, fd, request, argument);
    }

    private static MemorySegment bytes(int length, int size) {
        MemorySegment segment = MemorySegment.ofArray(new byte[length]);
        segment.set(ValueLayout.JAVA_INT_UNALIGNED, 0, size);
        return segment;
    }

    @Test
    void row1DestroyOfIdZeroIsEnoent() {
        assertThat(ioctl(DESTROY, bytes(8, 8))).isEqualTo(-2);
    }

    @Test
    void row2ANullPointerIsEfault() {
        assertThat(ioctl(DESTROY, MemorySegment.NULL)).isEqualTo(-14);
    }

    @Test
    void row3ANumberBelowTheFirstIsEnotty() {
        assertThat(ioctl(0x3b7f, bytes(8, 8))).isEqualTo(-25);
    }

    @Test
    void rows4To7TheTailMayBeZeroesOnly() {
        MemorySegment zeroes = bytes(16, 16);
        MemorySegment one = bytes(16, 16);
        one.set(ValueLayout.JAVA_INT_UNALIGNED, 8, 1);

        assertThat(ioctl(DESTROY, zeroes)).as("row 4").isEqualTo(-2);
        assertThat(ioctl(DESTROY, one)).as("row 5").isEqualTo(-7);
        one.set(ValueLayout.JAVA_INT_UNALIGNED, 0, 8);
        assertThat(ioctl(DESTROY, one)).as("row 6").isEqualTo(-2);
        one.set(ValueLayout.JAVA_INT_UNALIGNED, 0, 7);
        assertThat(ioctl(DESTROY, one)).as("row 7").isEqualTo(-22);
    }

    /** The rows in the order of the table: row number, least and known size of each ioctl. */
    private record Length(int row, String ioctl, int minimum, int known) {}

    @TestFactory
    Stream<DynamicTest> rows8To23TheSizeOfEachStruct() {
        return Stream.of(
                        new Length(8, "DESTROY", 8, 8),
                        new Length(9, "GET_HW_INFO", 32, 40),
                        new Length(10, "HWPT_ALLOC", 24, 48),
                        new Length(11, "HWPT_INVALIDATE", 32, 32),
                        new Length(12, "IOAS_ALLOC", 12, 12),
                        new Length(13, "IOAS_IOVA_RANGES", 32, 32),
                        new Length(14, "IOAS_ALLOW_IOVAS", 24, 24),
                        new Length(15, "IOAS_MAP", 40, 40),
                        new Length(16, "IOAS_COPY", 40, 40),
                        new Length(17, "IOAS_UNMAP", 24, 24),
                        new Length(18, "OPTION", 24, 24),
                        new Length(19, "VFIO_IOAS", 12, 12),
                        new Length(20, "IOAS_MAP_FILE", 40, 40),
                        new Length(21, "VIOMMU_ALLOC", 24, 40),
                        new Length(22, "VDEVICE_ALLOC", 24, 24),
                        new Length(23, "IOAS_CHANGE_PROCESS", 8, 8))
                .map(length -> DynamicTest.dynamicTest("row " + length.row() + " " + length.ioctl(), () -> {
                    StructLayout layout = Objects.requireNonNull(IommufdIoctls.named(length.ioctl()))
                            .layout();
                    int known = length.known();
                    MemorySegment struct = bytes(known + 1, length.minimum() - 1);
                    struct.set(ValueLayout.JAVA_BYTE, known, (byte) 0xff);

                    assertThat(ioctl(layout.request(), struct)).as("too short").isEqualTo(-Errno.EINVAL.number());
                    struct.set(ValueLayout.JAVA_INT_UNALIGNED, 0, known + 1);
                    assertThat(ioctl(layout.request(), struct))
                            .as("non-zero tail")
                            .isEqualTo(-Errno.E2BIG.number());
                    struct.set(ValueLayout.JAVA_INT_UNALIGNED, 0, known);
                    int base = ioctl(layout.request(), struct);
                    struct.set(ValueLayout.JAVA_INT_UNALIGNED, 0, known + 1);
                    struct.set(ValueLayout.JAVA_BYTE, known, (byte) 0);
                    assertThat(base).isNotIn(-Errno.E2BIG.number(), -Errno.ENOTTY.number());
                    assertThat(ioctl(layout.request(), struct)).as("zero tail").isEqualTo(base);
                }));
    }

    @Test
    void aStructWhoseEndIsNotThereIsEfault() {
        assertThat(ioctl(DESTROY, bytes(7, 8))).as("known part").isEqualTo(-14);
        assertThat(ioctl(DESTROY, bytes(8, 12))).as("tail").isEqualTo(-14);
    }

    @Test
    void anotherEncodingOfAKnownNumberIsEnotty() {
        assertThat(ioctl(0x40083b81, bytes(12, 12))).isEqualTo(-25);
        assertThat(ioctl(0x40083b81, MemorySegment.NULL))
                .as("the size is read first")
                .isEqualTo(-14);
    }

    @Test
    void anObjectWhoseIdCannotBeToldIsTakenBack() {
        MemorySegment readOnly = bytes(12, 12).asReadOnly();

        assertThat(ioctl(IOAS_ALLOC, readOnly)).isEqualTo(-14);
        assertThat(context.snapshot().objects()).isEmpty();
        assertThat(ioctl(IOAS_ALLOC, bytes(12, 12))).isZero();
        assertThat(context.find(1)).as("the id is free again").isNotNull();
    }

    @Test
    void aQueueWhoseDescriptorCannotBeToldLeavesNeitherFileNorObject() {
        int faultQueueAlloc = 0x3b8e;

        assertThat(ioctl(faultQueueAlloc, bytes(16, 16).asReadOnly())).isEqualTo(-14);

        assertThat(context.snapshot().objects()).isEmpty();
        assertThat(process.files().get(fd + 1)).isNull();
    }

    @Test
    void anOlderKernelDoesNotKnowTheNewerNumbers() {
        Iommufd old = new EmulatedKernel(KernelBehaviour.LINUX_6_12, false).open(process);
        int oldFd = old.install();
        List<String> unknown = new ArrayList<>();

        for (IoctlCodec<?, ?> codec : IommufdIoctls.all()) {
            StructLayout layout = codec.layout();
            MemorySegment struct = Struct.empty(layout).segment();
            if (SystemCalls.ioctl(process, oldFd, layout.request(), struct) == -Errno.ENOTTY.number()) {
                unknown.add(layout.name());
            }
        }

        assertThat(unknown)
                .containsExactly(
                        "IOAS_MAP_FILE",
                        "VIOMMU_ALLOC",
                        "VDEVICE_ALLOC",
                        "IOAS_CHANGE_PROCESS",
                        "VEVENTQ_ALLOC",
                        "HW_QUEUE_ALLOC");
    }

    @Test
    void aDescriptorThatIsNotOpenIsEbadf() {
        assertThat(SystemCalls.ioctl(process, 99, DESTROY, bytes(8, 8))).isEqualTo(-9);
    }

    @Test
    void everyStructHasTheSizeOfTheHeader() {
        assertThat(IommufdIoctls.all().stream()
                        .map(codec ->
                                codec.layout().name() + " " + codec.layout().sizeBytes() + " "
                                        + codec.layout().minimumBytes()))
                .containsExactly(
                        "DESTROY 8 8",
                        "IOAS_ALLOC 12 12",
                        "IOAS_ALLOW_IOVAS 24 24",
                        "IOAS_COPY 40 40",
                        "IOAS_IOVA_RANGES 32 32",
                        "IOAS_MAP 40 40",
                        "IOAS_UNMAP 24 24",
                        "OPTION 24 24",
                        "VFIO_IOAS 12 12",
                        "HWPT_ALLOC 48 24",
                        "GET_HW_INFO 40 32",
                        "HWPT_SET_DIRTY_TRACKING 16 16",
                        "HWPT_GET_DIRTY_BITMAP 48 48",
                        "HWPT_INVALIDATE 32 32",
                        "FAULT_QUEUE_ALLOC 16 16",
                        "IOAS_MAP_FILE 40 40",
                        "VIOMMU_ALLOC 40 24",
                        "VDEVICE_ALLOC 24 24",
                        "IOAS_CHANGE_PROCESS 8 8",
                        "VEVENTQ_ALLOC 32 28",
                        "HW_QUEUE_ALLOC 40 40");
    }
}
