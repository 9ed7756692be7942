package io.viommufleet.agent.iommufd.selftest;

import static io.viommufleet.agent.iommufd.HwptFlags.NEST_PARENT;
import static io.viommufleet.agent.iommufd.selftest.Fixture.CACHE_WORD;
import static io.viommufleet.agent.iommufd.selftest.Row.row;
import static io.viommufleet.agent.iommufd.system.Errno.EINVAL;
import static io.viommufleet.agent.iommufd.system.Errno.EOPNOTSUPP;
import static org.assertj.core.api.Assertions.assertThat;

import io.viommufleet.agent.iommufd.HwptInvalidate;
import io.viommufleet.agent.iommufd.Result;
import io.viommufleet.agent.iommufd.VdeviceAlloc;
import io.viommufleet.agent.iommufd.system.Errno;
import io.viommufleet.agent.iommufd.system.UserBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Tables H and M: HWPT_INVALIDATE on a nested HWPT and on a viommu. */
final class InvalidateTableTest extends ConformanceTable {
    private static final int TYPE = 0xdeadbeef;
    private static final int ALL = 1;
    private static final int VIRTUAL_ID = 0x99;
    private static final int DEVICE_WORD = 0xbaddad;
    private static final int NESTED_BYTES = 8;
    private static final int VIOMMU_BYTES = 12;

    @Override
    List<Row> rows() {
        List<Row> rows = new ArrayList<>(nested());
        rows.addAll(viommu());
        return rows;
    }

    private static List<Row> nested() {
        return List.of(
                row(176, "a paging HWPT is EINVAL", kernel -> {
                    int ioas = kernel.ioas();
                    int parent = kernel.hwpt(kernel.device(ioas), ioas, NEST_PARENT);
                    Call call = new Call(TYPE, NESTED_BYTES, 1, Fixture.words(0, 0));
                    invalidate(kernel, parent, call, EINVAL, 0);
                }),
                onNested(177, "no entries", new Call(TYPE, NESTED_BYTES, 0, UserBuffer.ofNull()), null, 0),
                onNested(178, "another type", new Call(TYPE + 1, NESTED_BYTES, 1, Fixture.words(0, 0)), EINVAL, 0),
                onNested(179, "entries too long", new Call(TYPE, 9, 1, Fixture.words(0, 0, 0)), EINVAL, 0),
                onNested(180, "entries too short", new Call(TYPE, 1, 1, Fixture.words(0, 0)), EINVAL, 0),
                onNested(181, "unknown flags", new Call(TYPE, NESTED_BYTES, 1, Fixture.words(-1, 0)), EOPNOTSUPP, 0),
                onNested(182, "entries at NULL", new Call(TYPE, NESTED_BYTES, 1, UserBuffer.ofNull()), EINVAL, 0),
                onNested(183, "entries of length 0", new Call(TYPE, 0, 1, Fixture.words(0, 0)), EINVAL, 0),
                onNested(184, "word 4", new Call(TYPE, NESTED_BYTES, 1, Fixture.words(0, 4)), EINVAL, 0),
                onNested(
                        185,
                        "word 0, then bad flags",
                        new Call(TYPE, NESTED_BYTES, 2, Fixture.words(0, 0, -1, 0)),
                        EOPNOTSUPP,
                        1,
                        0),
                onNested(
                        186,
                        "word 0, then word 4",
                        new Call(TYPE, NESTED_BYTES, 2, Fixture.words(0, 0, 0, 4)),
                        EINVAL,
                        1,
                        0),
                onNested(187, "word 1", new Call(TYPE, NESTED_BYTES, 1, Fixture.words(0, 1)), null, 1, 1),
                onNested(
                        188,
                        "words 2 and 3",
                        new Call(TYPE, NESTED_BYTES, 2, Fixture.words(0, 2, 0, 3)),
                        null,
                        2,
                        2,
                        3),
                onNested(
                        189, "all words", new Call(TYPE, NESTED_BYTES, 1, Fixture.words(ALL, 0)), null, 1, 0, 1, 2, 3));
    }

    private static List<Row> viommu() {
        int bytes = VIOMMU_BYTES;
        return List.of(
                onViommu(268, "no entries", new Call(TYPE, bytes, 0, UserBuffer.ofNull()), null, 0),
                onViommu(269, "another type", new Call(TYPE + 1, bytes, 1, entries(0, VIRTUAL_ID, 0)), EINVAL, 0),
                row(270, "entries too long or too short are EINVAL", kernel -> {
                    UserBuffer tooLong = entries(0, 0, 0, 0);
                    new ViommuSetup(kernel).check(new Call(TYPE, bytes + 1, 1, tooLong), EINVAL, 0);
                    UserBuffer tooShort = entries(0, VIRTUAL_ID, 0);
                    new ViommuSetup(kernel).check(new Call(TYPE, 1, 1, tooShort), EINVAL, 0);
                }),
                onViommu(271, "unknown flags", new Call(TYPE, bytes, 1, entries(-1, VIRTUAL_ID, 0)), EOPNOTSUPP, 0),
                onViommu(272, "entries at NULL", new Call(TYPE, bytes, 1, UserBuffer.ofNull()), EINVAL, 0),
                onViommu(273, "entries of length 0", new Call(TYPE, 0, 1, entries(0, VIRTUAL_ID, 0)), EINVAL, 0),
                onViommu(274, "word 4", new Call(TYPE, bytes, 1, entries(0, VIRTUAL_ID, 4)), EINVAL, 0),
                onViommu(275, "an unknown device", new Call(TYPE, bytes, 1, entries(0, 0x9, 0)), EINVAL, 0),
                onViommu(
                        276,
                        "word 0, then bad flags",
                        new Call(TYPE, bytes, 2, entries(0, VIRTUAL_ID, 0, -1, VIRTUAL_ID, 0)),
                        EOPNOTSUPP,
                        1,
                        0),
                onViommu(
                        277,
                        "word 0, then word 4",
                        new Call(TYPE, bytes, 2, entries(0, VIRTUAL_ID, 0, 0, VIRTUAL_ID, 4)),
                        EINVAL,
                        1,
                        0),
                onViommu(278, "word 1", new Call(TYPE, bytes, 1, entries(0, VIRTUAL_ID, 1)), null, 1, 1),
                onViommu(
                        279,
                        "words 2 and 3",
                        new Call(TYPE, bytes, 2, entries(0, VIRTUAL_ID, 2, 0, VIRTUAL_ID, 3)),
                        null,
                        2,
                        2,
                        3),
                onViommu(280, "all words", new Call(TYPE, bytes, 1, entries(ALL, VIRTUAL_ID, 0)), null, 1, 0, 1, 2, 3));
    }

    /** Arguments of a call besides the object. */
    private record Call(int type, int entryBytes, int count, UserBuffer entries) {}

    private static UserBuffer entries(int... words) {
        return Fixture.words(words);
    }

    private static void invalidate(Fixture kernel, int id, Call call, @Nullable Errno errno, int handled) {
        Result<HwptInvalidate.Handled> result = kernel.context.call(
                new HwptInvalidate(id, call.type(), call.entryBytes(), call.count(), call.entries(), 0));
        assertThat(result.errno()).isEqualTo(errno);
        assertThat(Objects.requireNonNull(result.output()).entryCount()).isEqualTo(handled);
    }

    private static String answer(String what, @Nullable Errno errno, int handled) {
        return "%s: %s, %d handled".formatted(what, errno == null ? "ok" : errno, handled);
    }

    /** A call on a nested HWPT of which these words must be cleared afterwards and no others. */
    private static Row onNested(
            int number, String what, Call call, @Nullable Errno errno, int handled, Integer... cleared) {
        return row(number, answer(what, errno, handled), kernel -> {
            int ioas = kernel.ioas();
            DeviceTests.MakeDevice.Made device = kernel.device(ioas);
            int nested = kernel.nested(device, kernel.hwpt(device, ioas, NEST_PARENT), 0, 0);
            invalidate(kernel, nested, call, errno, handled);
            for (int word = 0; word < 4; word++) {
                int expected = List.of(cleared).contains(word) ? 0 : CACHE_WORD;
                kernel.ok(new DomainTests.CheckNested(nested, word, expected));
            }
        });
    }

    private static Row onViommu(
            int number, String what, Call call, @Nullable Errno errno, int handled, Integer... cleared) {
        return row(
                number,
                answer(what, errno, handled),
                kernel -> new ViommuSetup(kernel).check(call, errno, handled, cleared));
    }

    /** A device that a viommu knows by a virtual id. */
    private static final class ViommuSetup {
        private final Fixture kernel;
        private final int viommu;
        private final DeviceTests.MakeDevice.Made device;

        ViommuSetup(Fixture kernel) {
            this.kernel = kernel;
            int ioas = kernel.ioas();
            device = kernel.device(ioas);
            viommu = kernel.viommu(device, kernel.hwpt(device, ioas, NEST_PARENT));
            kernel.ok(new VdeviceAlloc(viommu, device.deviceId(), VIRTUAL_ID));
        }

        void check(Call call, @Nullable Errno errno, int handled, Integer... cleared) {
            invalidate(kernel, viommu, call, errno, handled);
            for (int word = 0; word < 4; word++) {
                int expected = List.of(cleared).contains(word) ? 0 : DEVICE_WORD;
                kernel.ok(new DeviceTests.CheckCache(device.deviceId(), word, expected));
            }
        }
    }
}
