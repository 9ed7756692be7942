package io.viommufleet.agent.iommufd.selftest;

import static io.viommufleet.agent.iommufd.selftest.Fixture.BASE;
import static io.viommufleet.agent.iommufd.selftest.Fixture.BUFFER;
import static io.viommufleet.agent.iommufd.selftest.Fixture.P;
import static io.viommufleet.agent.iommufd.selftest.Row.row;
import static io.viommufleet.agent.iommufd.system.Errno.EINVAL;
import static io.viommufleet.agent.iommufd.system.Errno.ENODEV;
import static io.viommufleet.agent.iommufd.system.Errno.ENOENT;
import static org.assertj.core.api.Assertions.assertThat;

import io.viommufleet.agent.iommufd.VfioIoas;
import io.viommufleet.agent.iommufd.system.Errno;
import io.viommufleet.agent.iommufd.system.PageMath;
import io.viommufleet.agent.uapi.SystemCalls;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;

/** Table K: the calls of a VFIO container on an iommufd. */
final class ContainerTableTest extends ConformanceTable {
    private static final int GET_API_VERSION = 0x3b64;
    private static final int CHECK_EXTENSION = 0x3b65;
    private static final int SET_IOMMU = 0x3b66;
    static final int GET_INFO = 0x3b70;
    static final int MAP_DMA = 0x3b71;
    static final int UNMAP_DMA = 0x3b72;
    private static final int TYPE1 = 1;
    static final int TYPE1_V2 = 3;
    static final int READ_WRITE = 3;
    static final int UNMAP_ALL = 2;
    static final int INFO_BYTES = 24;
    static final int MAP_BYTES = 32;
    static final int UNMAP_BYTES = 24;
    static final long AREA = 16L * P;
    private static final long HUGE_ADDRESS = BUFFER;
    private static final byte UNTOUCHED = 0x5a;

    @Override
    List<Row> rows() {
        List<Row> rows = new ArrayList<>(withoutIoas());
        rows.addAll(information());
        rows.addAll(mapping());
        return rows;
    }

    private static List<Row> withoutIoas() {
        return List.of(
                answers(214, "the API version is 0", GET_API_VERSION, number(0), 0),
                answers(215, "TYPE1v2 is there", CHECK_EXTENSION, number(TYPE1_V2), 1),
                answers(216, "UNMAP_DMA too short is EINVAL", UNMAP_DMA, unmap(1, 0, 0, 0), code(EINVAL)),
                answers(
                        217,
                        "UNMAP_DMA with an unknown flag is EINVAL",
                        UNMAP_DMA,
                        unmap(24, 1 << 31, 0, 0),
                        code(EINVAL)),
                answers(218, "UNMAP_DMA without IOAS is ENODEV", UNMAP_DMA, unmap(UNMAP_BYTES, 0, 0, 0), code(ENODEV)),
                answers(219, "MAP_DMA too short is EINVAL", MAP_DMA, map(1, READ_WRITE, 0, 0), code(EINVAL)),
                answers(
                        220,
                        "MAP_DMA with an unknown flag is EINVAL",
                        MAP_DMA,
                        map(MAP_BYTES, 1 << 31, 0, 0),
                        code(EINVAL)),
                answers(221, "MAP_DMA without IOAS is ENODEV", MAP_DMA, map(MAP_BYTES, READ_WRITE, 0, 0), code(ENODEV)),
                answers(222, "GET_INFO too short is EINVAL", GET_INFO, info(1), code(EINVAL)),
                answers(223, "GET_INFO without IOAS is ENODEV", GET_INFO, info(INFO_BYTES), code(ENODEV)),
                answers(224, "SET_IOMMU TYPE1v2 without IOAS is ENODEV", SET_IOMMU, number(TYPE1_V2), code(ENODEV)),
                answers(225, "SET_IOMMU TYPE1 without IOAS is ENODEV", SET_IOMMU, number(TYPE1), code(ENODEV)));
    }

    private static List<Row> information() {
        return List.of(
                row(226, "SET_IOMMU of either type with an IOAS", kernel -> {
                    container(kernel, TYPE1);
                    container(kernel, TYPE1_V2);
                }),
                row(227, "and it closes", kernel -> {
                    container(kernel, TYPE1_V2);
                    kernel.closeEverything();
                }),
                row(228, "GET_INFO up to cap_offset leaves the rest alone", kernel -> {
                    container(kernel, TYPE1_V2);
                    ByteBuffer answer = bytes(askInfo(kernel, 16));
                    assertThat(answer.getInt(4)).isEqualTo(3);
                    assertThat(answer.getLong(8)).isNotZero();
                    for (int at = 16; at < answer.capacity(); at++) {
                        assertThat(answer.get(at)).isEqualTo(UNTOUCHED);
                    }
                }),
                row(229, "GET_INFO of the struct tells how long the answer is", kernel -> {
                    container(kernel, TYPE1_V2);
                    ByteBuffer answer = bytes(askInfo(kernel, INFO_BYTES));
                    assertThat(answer.getInt(0)).isGreaterThan(INFO_BYTES);
                    assertThat(answer.getInt(16)).isZero();
                }),
                row(230, "GET_INFO has the chain once there is room for all of it", ContainerTableTest::chain));
    }

    private static List<Row> mapping() {
        return List.of(
                row(231, "MAP_DMA and UNMAP_DMA of 16 pages", kernel -> {
                    container(kernel, TYPE1_V2);
                    mapped(kernel, BUFFER, AREA);
                    unmapped(kernel, unmap(UNMAP_BYTES, 0, BASE, AREA), AREA);
                }),
                row(232, "UNMAP_DMA where nothing is mapped succeeds", kernel -> {
                    container(kernel, TYPE1_V2);
                    unmapped(kernel, unmap(UNMAP_BYTES, 0, BASE, AREA), 0);
                }),
                row(233, "UNMAP_DMA of all with a range is EINVAL", kernel -> {
                    container(kernel, TYPE1_V2);
                    mapped(kernel, BUFFER, AREA);
                    assertThat(call(kernel, UNMAP_DMA, unmap(UNMAP_BYTES, UNMAP_ALL, BASE, AREA)))
                            .isEqualTo(code(EINVAL));
                }),
                row(234, "UNMAP_DMA of all tells how much that was", kernel -> {
                    container(kernel, TYPE1_V2);
                    mapped(kernel, BUFFER, AREA);
                    unmapped(kernel, unmap(UNMAP_BYTES, UNMAP_ALL, 0, 0), AREA);
                }),
                row(235, "single pages are unmapped in any order", kernel -> {
                    container(kernel, TYPE1_V2);
                    for (int page = 0; page < 16; page++) {
                        long iova = BASE + (long) page * P;
                        assertThat(call(kernel, MAP_DMA, map(MAP_BYTES, READ_WRITE, iova, P)))
                                .isZero();
                    }
                    unmapSixteenths(kernel, P, 0);
                }),
                row(236, "TYPE1 cuts two huge pages into sixteenths", kernel -> {
                    container(kernel, TYPE1);
                    mapped(kernel, HUGE_ADDRESS, 2 * PageMath.HUGE_PAGE_SIZE);
                    unmapSixteenths(kernel, PageMath.HUGE_PAGE_SIZE / 8, 0);
                }),
                row(237, "TYPE1v2 does not: ENOENT", kernel -> {
                    container(kernel, TYPE1_V2);
                    mapped(kernel, HUGE_ADDRESS, 2 * PageMath.HUGE_PAGE_SIZE);
                    unmapSixteenths(kernel, PageMath.HUGE_PAGE_SIZE / 8, code(ENOENT));
                }));
    }

    private static Row answers(int number, String text, int request, MemorySegment argument, int expected) {
        return row(
                number,
                text,
                kernel -> assertThat(call(kernel, request, argument)).isEqualTo(expected));
    }

    static int container(Fixture kernel, int type) {
        int ioas = kernel.ioasWith(1);
        kernel.ok(new VfioIoas(ioas, VfioIoas.SET, 0));
        assertThat(call(kernel, SET_IOMMU, number(type))).isZero();
        return ioas;
    }

    static int call(Fixture kernel, int request, MemorySegment argument) {
        return SystemCalls.ioctl(kernel.process, kernel.contextFd, request, argument);
    }

    private static MemorySegment number(int value) {
        return MemorySegment.ofAddress(value);
    }

    private static MemorySegment info(int argsz) {
        byte[] memory = new byte[256];
        java.util.Arrays.fill(memory, UNTOUCHED);
        struct(memory).putInt(0, argsz);
        return MemorySegment.ofArray(memory);
    }

    static MemorySegment map(int argsz, int flags, long iova, long sizeBytes) {
        return map(argsz, flags, BUFFER, iova, sizeBytes);
    }

    private static MemorySegment map(int argsz, int flags, long address, long iova, long sizeBytes) {
        byte[] memory = new byte[MAP_BYTES];
        struct(memory)
                .putInt(argsz)
                .putInt(flags)
                .putLong(address)
                .putLong(iova)
                .putLong(sizeBytes);
        return MemorySegment.ofArray(memory);
    }

    static MemorySegment unmap(int argsz, int flags, long iova, long sizeBytes) {
        byte[] memory = new byte[UNMAP_BYTES];
        struct(memory).putInt(argsz).putInt(flags).putLong(iova).putLong(sizeBytes);
        return MemorySegment.ofArray(memory);
    }

    private static ByteBuffer struct(byte[] memory) {
        return ByteBuffer.wrap(memory).order(ByteOrder.LITTLE_ENDIAN);
    }

    static ByteBuffer bytes(MemorySegment segment) {
        return segment.asByteBuffer().order(ByteOrder.LITTLE_ENDIAN);
    }

    static MemorySegment askInfo(Fixture kernel, int argsz) {
        MemorySegment argument = info(argsz);
        assertThat(call(kernel, GET_INFO, argument)).isZero();
        return argument;
    }

    static void mapped(Fixture kernel, long address, long sizeBytes) {
        assertThat(call(kernel, MAP_DMA, map(MAP_BYTES, READ_WRITE, address, BASE, sizeBytes)))
                .isZero();
    }

    private static void unmapped(Fixture kernel, MemorySegment argument, long expectedBytes) {
        assertThat(call(kernel, UNMAP_DMA, argument)).isZero();
        assertThat(bytes(argument).getLong(16)).isEqualTo(expectedBytes);
    }

    private static void unmapSixteenths(Fixture kernel, long pieceBytes, int expected) {
        List<Integer> pieces = new ArrayList<>();
        for (int piece = 0; piece < 16; piece++) {
            pieces.add(piece);
        }
        Collections.shuffle(pieces, new Random(Long.getLong("seed", 7)));
        for (int piece : pieces) {
            MemorySegment argument = unmap(UNMAP_BYTES, 0, BASE + piece * pieceBytes, pieceBytes);
            assertThat(call(kernel, UNMAP_DMA, argument)).as("piece %d", piece).isEqualTo(expected);
        }
    }

    private static void chain(Fixture kernel) {
        container(kernel, TYPE1_V2);
        int needed = bytes(askInfo(kernel, INFO_BYTES)).getInt(0);
        for (int argsz = INFO_BYTES; argsz < needed; argsz++) {
            assertThat(bytes(askInfo(kernel, argsz)).getInt(16))
                    .as("argsz %d", argsz)
                    .isZero();
        }
        ByteBuffer answer = bytes(askInfo(kernel, needed));
        List<Integer> seen = new ArrayList<>();
        for (int at = answer.getInt(16); at != 0; at = answer.getInt(at + 4)) {
            seen.add((int) answer.getShort(at));
            assertThat(answer.getShort(at + 2)).isEqualTo((short) 1);
            if (answer.getShort(at) == 1) {
                assertThat(answer.getInt(at + 8)).isOne();
                assertThat(answer.getLong(at + 16)).isEqualTo(0x1000000L);
                assertThat(answer.getLong(at + 24)).isEqualTo(0x7fffffffL);
            }
        }
        assertThat(seen).containsExactlyInAnyOrder(1, 3);
    }

    static int code(Errno errno) {
        return -errno.number();
    }
}
