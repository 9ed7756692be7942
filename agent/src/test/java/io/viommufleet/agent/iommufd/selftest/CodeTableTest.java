package io.viommufleet.agent.iommufd.selftest;

import static io.viommufleet.agent.iommufd.HwptFlags.DIRTY_TRACKING;
import static io.viommufleet.agent.iommufd.HwptFlags.FAULT_ID_VALID;
import static io.viommufleet.agent.iommufd.HwptFlags.NEST_PARENT;
import static io.viommufleet.agent.iommufd.MapFlags.FIXED_IOVA;
import static io.viommufleet.agent.iommufd.MapFlags.READABLE;
import static io.viommufleet.agent.iommufd.selftest.Fixture.AUTO_RW;
import static io.viommufleet.agent.iommufd.selftest.Fixture.BASE;
import static io.viommufleet.agent.iommufd.selftest.Fixture.BUFFER;
import static io.viommufleet.agent.iommufd.selftest.Fixture.FIXED_RW;
import static io.viommufleet.agent.iommufd.selftest.Fixture.P;
import static io.viommufleet.agent.iommufd.selftest.Row.codeRow;
import static io.viommufleet.agent.iommufd.system.Errno.EBUSY;
import static io.viommufleet.agent.iommufd.system.Errno.EFAULT;
import static io.viommufleet.agent.iommufd.system.Errno.EINVAL;
import static io.viommufleet.agent.iommufd.system.Errno.ENOENT;
import static io.viommufleet.agent.iommufd.system.Errno.EOPNOTSUPP;
import static io.viommufleet.agent.iommufd.system.Errno.EOVERFLOW;
import static io.viommufleet.agent.iommufd.system.Errno.EPERM;
import static io.viommufleet.agent.iommufd.system.Errno.ESPIPE;
import static org.assertj.core.api.Assertions.assertThat;

import io.viommufleet.agent.iommufd.Destroy;
import io.viommufleet.agent.iommufd.FaultQueue;
import io.viommufleet.agent.iommufd.FaultQueueAlloc;
import io.viommufleet.agent.iommufd.GetDirtyBitmap;
import io.viommufleet.agent.iommufd.GetHwInfo;
import io.viommufleet.agent.iommufd.HwptAlloc;
import io.viommufleet.agent.iommufd.HwptInvalidate;
import io.viommufleet.agent.iommufd.IoasAlloc;
import io.viommufleet.agent.iommufd.IoasAllowIovas;
import io.viommufleet.agent.iommufd.IoasCopy;
import io.viommufleet.agent.iommufd.IoasMap;
import io.viommufleet.agent.iommufd.IoasUnmap;
import io.viommufleet.agent.iommufd.KernelBehaviour;
import io.viommufleet.agent.iommufd.PageFault;
import io.viommufleet.agent.iommufd.Result;
import io.viommufleet.agent.iommufd.SetDirtyTracking;
import io.viommufleet.agent.iommufd.SetOption;
import io.viommufleet.agent.iommufd.VeventqAlloc;
import io.viommufleet.agent.iommufd.driver.UserData;
import io.viommufleet.agent.iommufd.iova.IovaRange;
import io.viommufleet.agent.iommufd.system.Credentials;
import io.viommufleet.agent.iommufd.system.Errno;
import io.viommufleet.agent.iommufd.system.UserBuffer;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/** Rows C1 to C46: what the kernel's code says beyond its selftests, on mock devices. */
final class CodeTableTest extends ConformanceTable {
    private static final long NOTHING_THERE = 0x100000000L;

    @Override
    List<Row> rows() {
        List<Row> rows = new ArrayList<>(ids());
        rows.addAll(mapping());
        rows.addAll(areas());
        rows.addAll(options());
        rows.addAll(hwpts());
        rows.addAll(queues());
        return rows;
    }

    private static List<Row> ids() {
        return List.of(
                codeRow(1, "the lowest free id comes first", kernel -> {
                    int first = kernel.ioas();
                    kernel.ioas();
                    kernel.ok(new Destroy(first));
                    assertThat(kernel.ioas()).isEqualTo(first);
                }),
                codeRow(
                        2,
                        "the first id is 1",
                        kernel -> assertThat(kernel.ioas()).isOne()),
                codeRow(3, "a mock device takes three ids in order", kernel -> {
                    assertThat(kernel.device(kernel.ioas())).isEqualTo(new DeviceTests.MakeDevice.Made(2, 3, 4));
                }),
                codeRow(
                        4,
                        "DESTROY of a bound device is EBUSY",
                        kernel -> kernel.fails(
                                EBUSY, new Destroy(kernel.device(kernel.ioas()).deviceId()))),
                codeRow(
                        5,
                        "DESTROY of a fault queue with its file open is EBUSY",
                        kernel -> kernel.fails(
                                EBUSY, new Destroy(kernel.faultQueue().faultId()))),
                codeRow(
                        6,
                        "IOAS_ALLOC with a flag is EOPNOTSUPP",
                        kernel -> kernel.fails(EOPNOTSUPP, new IoasAlloc(1))));
    }

    private static List<Row> mapping() {
        return List.of(
                codeRow(7, "MAP with an unknown flag or reserved bits is EOPNOTSUPP", kernel -> {
                    int ioas = kernel.ioas();
                    kernel.fails(EOPNOTSUPP, new IoasMap(8 | AUTO_RW, ioas, BUFFER, P, 0));
                    kernel.fails(EOPNOTSUPP, new IoasMap(AUTO_RW, ioas, BUFFER, P, 0, 1));
                }),
                codeRow(8, "MAP at or of U64_MAX is EOVERFLOW whatever the id", kernel -> {
                    kernel.fails(EOVERFLOW, new IoasMap(AUTO_RW, 99, BUFFER, P, -1L));
                    kernel.fails(EOVERFLOW, new IoasMap(AUTO_RW, 99, BUFFER, -1L, 0));
                }),
                codeRow(
                        9,
                        "MAP without access is EINVAL whatever the id",
                        kernel -> kernel.fails(EINVAL, new IoasMap(FIXED_IOVA, 99, BUFFER, P, BASE))),
                codeRow(
                        10,
                        "MAP in an unknown IOAS is ENOENT",
                        kernel -> kernel.fails(ENOENT, new IoasMap(READABLE, 99, BUFFER, P, 0))),
                codeRow(
                        11,
                        "MAP of memory that wraps is EOVERFLOW",
                        kernel -> kernel.fails(
                                EOVERFLOW, new IoasMap(AUTO_RW, kernel.ioas(), 0xfffffffffffff000L, 0x1000, 0))),
                codeRow(
                        12,
                        "MAP of nothing is EINVAL",
                        kernel -> kernel.fails(EINVAL, new IoasMap(AUTO_RW, kernel.ioas(), BUFFER, 0, 0))),
                codeRow(
                        13,
                        "MAP of missing memory without HWPT succeeds",
                        kernel -> kernel.ok(new IoasMap(FIXED_RW, kernel.ioas(), NOTHING_THERE, P, BASE))),
                codeRow(14, "attaching then is EFAULT", kernel -> {
                    int ioas = kernel.ioas();
                    kernel.ok(new IoasMap(FIXED_RW, ioas, NOTHING_THERE, P, BASE));
                    var before = kernel.context.snapshot();
                    kernel.fails(EFAULT, new DeviceTests.MakeDevice(ioas, 0));
                    assertThat(kernel.context.snapshot()).isEqualTo(before);
                }),
                codeRow(15, "MAP in a reserved range is EINVAL", kernel -> {
                    int ioas = kernel.ioas();
                    kernel.ok(new DomainTests.AddReserved(ioas, 0x1000, 0x1000));
                    kernel.fails(EINVAL, new IoasMap(FIXED_RW, ioas, BUFFER, P, 0x1000));
                }),
                codeRow(
                        16,
                        "MAP below the aperture is EINVAL",
                        kernel -> kernel.fails(EINVAL, new IoasMap(FIXED_RW, kernel.ioasWith(1), BUFFER, P, BASE - P))),
                codeRow(17, "MAP at a fixed IOVA outside the allowed ones succeeds", kernel -> {
                    int ioas = kernel.ioas();
                    kernel.ok(IoasAllowIovas.of(ioas, List.of(new IovaRange(BASE, BASE + P))));
                    kernel.map(ioas, 0, P);
                }),
                codeRow(
                        18,
                        "ALLOW_IOVAS of a single byte is EINVAL",
                        kernel -> kernel.fails(
                                EINVAL, IoasAllowIovas.of(kernel.ioas(), List.of(new IovaRange(0x10000, 0x10000))))),
                codeRow(
                        19,
                        "ALLOW_IOVAS of overlapping ranges is EINVAL",
                        kernel -> kernel.fails(
                                EINVAL,
                                IoasAllowIovas.of(
                                        kernel.ioas(),
                                        List.of(new IovaRange(0, 0x1fff), new IovaRange(0x1000, 0x2fff))))));
    }

    private static List<Row> areas() {
        return List.of(
                codeRow(20, "COPY of read-only memory for writing is EPERM", kernel -> {
                    int ioas = readOnly(kernel);
                    kernel.fails(EPERM, new IoasCopy(FIXED_RW, ioas, ioas, P, BASE + P, BASE));
                }),
                codeRow(21, "COPY of read-only memory for reading succeeds", kernel -> {
                    int ioas = readOnly(kernel);
                    kernel.ok(new IoasCopy(FIXED_IOVA | READABLE, ioas, ioas, P, BASE + P, BASE));
                }),
                codeRow(22, "COPY over a seam makes two areas", kernel -> {
                    int source = twoAreas(kernel);
                    int target = kernel.ioas();
                    kernel.ok(new IoasCopy(FIXED_RW, target, source, 2L * P, 0, BASE));
                    assertThat(kernel.unmap(target, 0, P)).isEqualTo(P);
                    assertThat(kernel.unmap(target, P, P)).isEqualTo(P);
                }),
                codeRow(23, "UNMAP that fails at the second area has unmapped the first", kernel -> {
                    int ioas = twoAreas(kernel);
                    kernel.fails(ENOENT, new IoasUnmap(ioas, BASE, P + P / 2));
                    kernel.fails(ENOENT, new IoasUnmap(ioas, BASE, P));
                    assertThat(kernel.unmap(ioas, BASE + P, P)).isEqualTo(P);
                }),
                codeRow(
                        24,
                        "UNMAP of nothing is EINVAL",
                        kernel -> kernel.fails(EINVAL, new IoasUnmap(kernel.ioas(), BASE, 0))),
                codeRow(
                        25,
                        "UNMAP of U64_MAX from 1 is EOVERFLOW",
                        kernel -> kernel.fails(EOVERFLOW, new IoasUnmap(kernel.ioas(), 1, -1L))),
                codeRow(
                        26,
                        "UNMAP that wraps is EOVERFLOW",
                        kernel -> kernel.fails(EOVERFLOW, new IoasUnmap(kernel.ioas(), 0x1000, -0x1000L + 1))),
                codeRow(
                        27,
                        "UNMAP of everything in an unknown IOAS is ENOENT",
                        kernel -> kernel.fails(ENOENT, new IoasUnmap(99, 0, -1L))));
    }

    private static List<Row> options() {
        return List.of(
                codeRow(28, "RLIMIT_MODE without CAP_SYS_RESOURCE is EPERM", ignored -> {
                    Fixture kernel = new Fixture(KernelBehaviour.LINUX_7_0, new Credentials(true, false, -1));
                    kernel.fails(EPERM, option(SetOption.RLIMIT_MODE, SetOption.SET, 1, 0));
                }),
                codeRow(29, "RLIMIT_MODE once an object exists is EBUSY", kernel -> {
                    kernel.ioas();
                    kernel.fails(EBUSY, option(SetOption.RLIMIT_MODE, SetOption.SET, 1, 0));
                }),
                codeRow(30, "an unknown option, operation or reserved bit is EOPNOTSUPP", kernel -> {
                    kernel.fails(EOPNOTSUPP, option(2, SetOption.GET, 0, 0));
                    kernel.fails(EOPNOTSUPP, option(SetOption.RLIMIT_MODE, 2, 0, 0));
                    kernel.fails(EOPNOTSUPP, option(SetOption.RLIMIT_MODE, SetOption.GET, 0, 1));
                }),
                codeRow(31, "HUGE_PAGES 0 with a HWPT and an area is EINVAL", kernel -> {
                    int ioas = kernel.ioasWith(1);
                    kernel.map(ioas, BASE, P);
                    kernel.fails(EINVAL, new SetOption(SetOption.HUGE_PAGES, SetOption.SET, ioas, 0, 0));
                }));
    }

    private static List<Row> hwpts() {
        return List.of(
                codeRow(
                        32,
                        "HWPT_ALLOC with an unknown pt_id is EINVAL",
                        kernel -> kernel.fails(
                                EINVAL,
                                new HwptAlloc(0, kernel.device(kernel.ioas()).deviceId(), 99))),
                codeRow(33, "HWPT_ALLOC with a type and no data is EINVAL", kernel -> {
                    UserData typeOnly = new UserData(1, 0, UserBuffer.ofNull());
                    int ioas = kernel.ioas();
                    kernel.fails(EINVAL, new HwptAlloc(0, kernel.device(ioas).deviceId(), ioas, typeOnly, 0, 0));
                }),
                codeRow(34, "nesting on an automatic HWPT is EINVAL", kernel -> {
                    DeviceTests.MakeDevice.Made device = kernel.device(kernel.ioas());
                    kernel.fails(EINVAL, Fixture.nestedCall(device, device.hwptId(), 0, 0));
                }),
                codeRow(
                        35,
                        "GET_HW_INFO with an unknown flag is EOPNOTSUPP",
                        kernel -> kernel.fails(
                                EOPNOTSUPP,
                                new GetHwInfo(
                                        2, kernel.device(kernel.ioas()).deviceId(), 0, 0, UserBuffer.ofNull(), 0))),
                codeRow(36, "dirty tracking of a nested HWPT is ENOENT", kernel -> {
                    int ioas = kernel.ioas();
                    DeviceTests.MakeDevice.Made device = kernel.device(ioas);
                    int nested = kernel.nested(device, kernel.hwpt(device, ioas, NEST_PARENT), 0, 0);
                    kernel.fails(ENOENT, new SetDirtyTracking(1, nested));
                }),
                codeRow(
                        37,
                        "dirty tracking of a plain HWPT is EOPNOTSUPP",
                        kernel -> kernel.fails(
                                EOPNOTSUPP,
                                new SetDirtyTracking(
                                        1, kernel.device(kernel.ioas()).hwptId()))),
                codeRow(
                        38,
                        "GET_DIRTY_BITMAP of a plain HWPT is EOPNOTSUPP",
                        kernel -> kernel.fails(
                                EOPNOTSUPP, bitmap(kernel.device(kernel.ioas()).hwptId(), BASE, P, new byte[8]))),
                codeRow(39, "GET_DIRTY_BITMAP with page size 0 or a misaligned IOVA is EINVAL", kernel -> {
                    int hwpt = dirtyHwpt(kernel);
                    kernel.fails(EINVAL, bitmap(hwpt, BASE, 0, new byte[8]));
                    kernel.fails(EINVAL, bitmap(hwpt, BASE + 1, P, new byte[8]));
                }),
                codeRow(40, "GET_DIRTY_BITMAP where nothing is mapped changes nothing", kernel -> {
                    byte[] bits = {0x5a, 0, 0, 0, 0, 0, 0, 0};
                    kernel.ok(bitmap(dirtyHwpt(kernel), BASE, P, bits));
                    assertThat(bits).containsExactly(0x5a, 0, 0, 0, 0, 0, 0, 0);
                }),
                codeRow(41, "HWPT_INVALIDATE with a reserved bit is EOPNOTSUPP, 0 handled", kernel -> {
                    Result<HwptInvalidate.Handled> result =
                            kernel.fails(EOPNOTSUPP, new HwptInvalidate(99, 0, 8, 1, Fixture.words(0, 0), 1));
                    assertThat(Objects.requireNonNull(result.output()).entryCount())
                            .isZero();
                }));
    }

    private static List<Row> queues() {
        return List.of(
                codeRow(42, "a fault file takes whole records only: ESPIPE", kernel -> {
                    int fd = kernel.faultQueue().fd();
                    assertThat(kernel.queueFile(fd).read(39).errno()).isEqualTo(ESPIPE);
                    assertThat(kernel.queueFile(fd).write(new byte[7]).errno()).isEqualTo(ESPIPE);
                }),
                codeRow(
                        43,
                        "an empty fault file reads as nothing",
                        kernel -> assertThat(Fixture.ok(
                                        kernel.queueFile(kernel.faultQueue().fd())
                                                .read(40)))
                                .isEmpty()),
                codeRow(44, "an answer with an unknown cookie is EINVAL", kernel -> {
                    byte[] answer = ByteBuffer.allocate(8).array();
                    Errno errno = kernel.queueFile(kernel.faultQueue().fd())
                            .write(answer)
                            .errno();
                    assertThat(errno).isEqualTo(EINVAL);
                }),
                codeRow(
                        45,
                        "a pending fault of a HWPT that the device left is answered: read gives nothing",
                        kernel -> {
                            int ioas = kernel.ioas();
                            DeviceTests.MakeDevice.Made device = kernel.device(ioas);
                            FaultQueueAlloc.Allocated faults = kernel.faultQueue();
                            int parent = kernel.hwpt(device, ioas, NEST_PARENT);
                            kernel.replace(device, kernel.nested(device, parent, FAULT_ID_VALID, faults.faultId()));
                            kernel.ok(new DeviceTests.TriggerFault(device.deviceId(), new PageFault(0, 1, 1, BASE)));
                            kernel.replace(device, parent);
                            byte[] left =
                                    Fixture.ok(kernel.queueFile(faults.fd()).read(FaultQueue.RECORD_BYTES));
                            assertThat(left).isEmpty();
                        }),
                codeRow(46, "VEVENTQ_ALLOC of depth 0 is EINVAL, of type 0 EOPNOTSUPP", kernel -> {
                    int ioas = kernel.ioas();
                    DeviceTests.MakeDevice.Made device = kernel.device(ioas);
                    int viommu = kernel.viommu(device, kernel.hwpt(device, ioas, NEST_PARENT));
                    kernel.fails(EINVAL, new VeventqAlloc(0, viommu, MockViommu.EVENT_TYPE, 0, 0));
                    kernel.fails(EOPNOTSUPP, new VeventqAlloc(0, viommu, 0, 2, 0));
                }));
    }

    private static SetOption option(int option, int operation, long value, int reserved) {
        return new SetOption(option, operation, 0, value, reserved);
    }

    private static GetDirtyBitmap bitmap(int hwpt, long iova, long pageBytes, byte[] bits) {
        return new GetDirtyBitmap(0, hwpt, iova, P, pageBytes, UserBuffer.of(bits), 0);
    }

    private static int dirtyHwpt(Fixture kernel) {
        int ioas = kernel.ioas();
        return kernel.hwpt(kernel.device(ioas), ioas, DIRTY_TRACKING);
    }

    private static int readOnly(Fixture kernel) {
        int ioas = kernel.ioas();
        kernel.ok(new IoasMap(FIXED_IOVA | READABLE, ioas, BUFFER, P, BASE));
        return ioas;
    }

    private static int twoAreas(Fixture kernel) {
        int ioas = kernel.ioas();
        kernel.map(ioas, BASE, P);
        kernel.map(ioas, BASE + P, P);
        return ioas;
    }
}
