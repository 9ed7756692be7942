package io.viommufleet.agent.iommufd.selftest;

import static io.viommufleet.agent.iommufd.selftest.Fixture.BUFFER;
import static io.viommufleet.agent.iommufd.selftest.Fixture.P;
import static io.viommufleet.agent.iommufd.selftest.Row.row;
import static io.viommufleet.agent.iommufd.system.Errno.EMSGSIZE;
import static org.assertj.core.api.Assertions.assertThat;

import io.viommufleet.agent.iommufd.IoasAllowIovas;
import io.viommufleet.agent.iommufd.IoasIovaRanges;
import io.viommufleet.agent.iommufd.Result;
import io.viommufleet.agent.iommufd.iova.IovaRange;
import io.viommufleet.agent.iommufd.system.Errno;
import io.viommufleet.agent.iommufd.system.UserBuffer;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Table E: which IOVAs an IOAS says it has. */
final class RangeTableTest extends ConformanceTable {
    private static final int ENTRY_BYTES = 2 * Long.BYTES;
    private static final byte UNTOUCHED = 0x5a;
    private static final IovaRange APERTURE = new IovaRange(0x1000000, 0x7fffffff);
    private static final IovaRange BELOW = new IovaRange(0, P - 1);
    private static final IovaRange ABOVE = new IovaRange(2L * P, -1L);

    @Override
    List<Row> rows() {
        return List.of(
                row(116, "without HWPT every IOVA is there, at alignment 1", kernel -> {
                    Answer answer = ask(kernel, kernel.ioas(), 4, null);
                    assertThat(answer.ranges()).isEqualTo(new IoasIovaRanges.Ranges(List.of(IovaRange.ALL), 1));
                    assertThat(answer.written()).isEqualTo(entries(4, IovaRange.ALL));
                }),
                row(117, "with a mock HWPT its aperture, at alignment 2048", kernel -> {
                    Answer answer = ask(kernel, kernel.ioasWith(1), 4, null);
                    assertThat(answer.ranges()).isEqualTo(new IoasIovaRanges.Ranges(List.of(APERTURE), 2048));
                    assertThat(answer.written()).isEqualTo(entries(4, APERTURE));
                }),
                row(118, "without room EMSGSIZE tells how many there are", kernel -> {
                    for (int devices = 0; devices <= 1; devices++) {
                        Answer answer = ask(kernel, kernel.ioasWith(devices), 0, EMSGSIZE);
                        assertThat(answer.ranges().all()).hasSize(1);
                        assertThat(answer.written()).isEqualTo(entries(4));
                    }
                }),
                row(119, "a reserved page cuts the range in two", kernel -> {
                    Answer answer = ask(kernel, reserved(kernel, 0), 4, null);
                    assertThat(answer.ranges().all()).containsExactly(BELOW, ABOVE);
                    assertThat(answer.written()).isEqualTo(entries(4, BELOW, ABOVE));
                }),
                row(
                        120,
                        "a reserved page outside the aperture changes nothing",
                        kernel -> assertThat(ask(kernel, reserved(kernel, 1), 4, null)
                                        .ranges()
                                        .all())
                                .containsExactly(APERTURE)),
                row(121, "room for one of two is EMSGSIZE with the first filled in", kernel -> {
                    Answer answer = ask(kernel, reserved(kernel, 0), 1, EMSGSIZE);
                    assertThat(answer.ranges().all()).hasSize(2);
                    assertThat(answer.written()).isEqualTo(entries(4, BELOW));
                }),
                row(122, "room for the only one is enough", kernel -> {
                    Answer answer = ask(kernel, reserved(kernel, 1), 1, null);
                    assertThat(answer.written()).isEqualTo(entries(4, APERTURE));
                }),
                row(123, "ranges, then a list of allowed ones", kernel -> {
                    int ioas = kernel.ioas();
                    kernel.ok(new IoasIovaRanges(ioas, 10, UserBuffer.of(new byte[10 * ENTRY_BYTES]), 0));
                    IovaRange allowed = new IovaRange(16 << 10, BUFFER + (16L << 10) * 600 - 1);
                    kernel.ok(IoasAllowIovas.of(ioas, List.of(allowed)));
                }));
    }

    /** What a call gave, and four entries of the caller's memory after it. */
    private record Answer(IoasIovaRanges.Ranges ranges, ByteBuffer written) {}

    private static int reserved(Fixture kernel, int devices) {
        int ioas = kernel.ioasWith(devices);
        kernel.ok(new DomainTests.AddReserved(ioas, P, P));
        return ioas;
    }

    private static Answer ask(Fixture kernel, int ioas, int room, @Nullable Errno expected) {
        byte[] memory = entries(4).array();
        Result<IoasIovaRanges.Ranges> result =
                kernel.context.call(new IoasIovaRanges(ioas, room, UserBuffer.of(memory), 0));
        assertThat(result.errno()).isEqualTo(expected);
        return new Answer(Objects.requireNonNull(result.output()), ByteBuffer.wrap(memory));
    }

    /** Entries in the caller's memory, of which only the first few were written. */
    private static ByteBuffer entries(int count, IovaRange... written) {
        byte[] memory = new byte[count * ENTRY_BYTES];
        Arrays.fill(memory, UNTOUCHED);
        ByteBuffer buffer = ByteBuffer.wrap(memory).order(ByteOrder.LITTLE_ENDIAN);
        for (IovaRange range : written) {
            buffer.putLong(range.start()).putLong(range.last());
        }
        return ByteBuffer.wrap(memory);
    }
}
