package io.viommufleet.agent.iommufd.selftest;

import static io.viommufleet.agent.iommufd.HwptFlags.FAULT_ID_VALID;
import static io.viommufleet.agent.iommufd.HwptFlags.NEST_PARENT;
import static io.viommufleet.agent.iommufd.selftest.Fixture.CACHE_WORD;
import static io.viommufleet.agent.iommufd.selftest.Fixture.SELFTEST;
import static io.viommufleet.agent.iommufd.selftest.Row.row;
import static io.viommufleet.agent.iommufd.system.Errno.EBUSY;
import static io.viommufleet.agent.iommufd.system.Errno.EFAULT;
import static io.viommufleet.agent.iommufd.system.Errno.EINVAL;
import static io.viommufleet.agent.iommufd.system.Errno.ENOENT;
import static io.viommufleet.agent.iommufd.system.Errno.EOPNOTSUPP;
import static org.assertj.core.api.Assertions.assertThat;

import io.viommufleet.agent.iommufd.Destroy;
import io.viommufleet.agent.iommufd.FaultQueueAlloc;
import io.viommufleet.agent.iommufd.HwptAlloc;
import io.viommufleet.agent.iommufd.PageFault;
import io.viommufleet.agent.iommufd.driver.UserData;
import io.viommufleet.agent.iommufd.system.UserBuffer;
import java.util.ArrayList;
import java.util.List;

/** Table G: making HWPTs, attaching and replacing. */
final class HwptTableTest extends ConformanceTable {
    @Override
    List<Row> rows() {
        List<Row> rows = new ArrayList<>(allocation());
        rows.addAll(nestedAttach());
        rows.addAll(withoutDevice());
        rows.addAll(pagingAttach());
        return rows;
    }

    private static List<Row> allocation() {
        return List.of(
                refused(
                        138,
                        "dev_id of an IOAS is ENOENT",
                        ENOENT,
                        setup -> new HwptAlloc(0, setup.ioas, setup.device.deviceId())),
                refused(
                        139,
                        "pt_id of a DEVICE is EINVAL",
                        EINVAL,
                        setup -> new HwptAlloc(0, setup.device.deviceId(), setup.device.deviceId())),
                refused(
                        140,
                        "a nesting parent with faults is EOPNOTSUPP",
                        EOPNOTSUPP,
                        setup -> new HwptAlloc(NEST_PARENT | FAULT_ID_VALID, setup.device.deviceId(), setup.ioas)),
                row(141, "a nesting parent is made", kernel -> {
                    Setup setup = new Setup(kernel);
                    kernel.hwpt(setup.device, setup.ioas, NEST_PARENT);
                }),
                row(142, "a plain HWPT is made", kernel -> {
                    Setup setup = new Setup(kernel);
                    kernel.hwpt(setup.device, setup.ioas, 0);
                }),
                refused(
                        143,
                        "data of type NONE is EINVAL",
                        EINVAL,
                        setup -> setup.nestedWith(0, new UserData(0, 8, Fixture.words(CACHE_WORD, 0)))),
                refused(
                        144,
                        "data of an unknown type is EOPNOTSUPP",
                        EOPNOTSUPP,
                        setup -> setup.nestedWith(0, new UserData(SELFTEST + 1, 8, Fixture.words(CACHE_WORD, 0)))),
                refused(
                        145,
                        "data that is too short is EINVAL",
                        EINVAL,
                        setup -> setup.nestedWith(0, new UserData(SELFTEST, 3, Fixture.words(CACHE_WORD, 0)))),
                refused(
                        146,
                        "data at NULL is EFAULT",
                        EFAULT,
                        setup -> setup.nestedWith(0, new UserData(SELFTEST, 8, UserBuffer.ofNull()))),
                refused(
                        147,
                        "a nested nesting parent is EOPNOTSUPP",
                        EOPNOTSUPP,
                        setup -> setup.nestedWith(NEST_PARENT, Fixture.nestedData())),
                refused(
                        148,
                        "nesting on a plain HWPT is EINVAL",
                        EINVAL,
                        setup -> Fixture.nestedCall(setup.device, setup.plain, 0, 0)),
                row(149, "nested HWPTs hold the word that they were given", kernel -> {
                    Setup setup = new Setup(kernel);
                    for (int word = 0; word < 4; word++) {
                        kernel.ok(new DomainTests.CheckNested(setup.nested0, word, CACHE_WORD));
                        kernel.ok(new DomainTests.CheckNested(setup.nested1, word, CACHE_WORD));
                    }
                }),
                refused(
                        150,
                        "an unknown fault queue is ENOENT",
                        ENOENT,
                        setup -> Fixture.nestedCall(setup.device, setup.parent, FAULT_ID_VALID, -1)),
                row(151, "a nested HWPT with a fault queue is made", Setup::new),
                refused(
                        152,
                        "nesting on a nested HWPT is EINVAL",
                        EINVAL,
                        setup -> Fixture.nestedCall(setup.device, setup.nested0, 0, 0)),
                row(
                        153,
                        "a parent with nested HWPTs is EBUSY",
                        kernel -> kernel.fails(EBUSY, new Destroy(new Setup(kernel).parent))));
    }

    private static List<Row> nestedAttach() {
        return List.of(
                row(154, "a nested HWPT with a device is EBUSY", kernel -> {
                    Setup setup = new Setup(kernel);
                    kernel.replace(setup.device, setup.nested0);
                    kernel.fails(EBUSY, new Destroy(setup.nested0));
                }),
                row(155, "replacing frees the one HWPT and holds the other", kernel -> {
                    Setup setup = new Setup(kernel);
                    kernel.replace(setup.device, setup.nested0);
                    kernel.replace(setup.device, setup.nested1);
                    kernel.fails(EBUSY, new Destroy(setup.nested1));
                    kernel.ok(new Destroy(setup.nested0));
                }),
                row(156, "a faulting HWPT with a device is EBUSY", kernel -> {
                    Setup setup = new Setup(kernel);
                    kernel.replace(setup.device, setup.faulting);
                    kernel.fails(EBUSY, new Destroy(setup.faulting));
                }),
                row(157, "a page fault is read and answered", kernel -> {
                    Setup setup = new Setup(kernel);
                    kernel.replace(setup.device, setup.faulting);
                    setup.faultRoundTrip();
                }),
                row(158, "moved to the parent, nested HWPTs can be destroyed", kernel -> {
                    Setup setup = new Setup(kernel);
                    kernel.replace(setup.device, setup.faulting);
                    setup.faultRoundTrip();
                    kernel.replace(setup.device, setup.parent);
                    kernel.ok(new Destroy(setup.nested1));
                    kernel.ok(new Destroy(setup.faulting));
                }),
                row(159, "moved to the IOAS, the parent can be destroyed too", kernel -> {
                    Setup setup = new Setup(kernel);
                    setup.destroyNested();
                    kernel.replace(setup.device, setup.ioas);
                    kernel.ok(new Destroy(setup.parent));
                    kernel.ok(new Destroy(setup.plain));
                }),
                row(160, "a fault queue that nobody uses can be destroyed", kernel -> {
                    Setup setup = new Setup(kernel);
                    setup.destroyNested();
                    kernel.close(setup.faults.fd());
                    kernel.ok(new Destroy(setup.faults.faultId()));
                }));
    }

    private static List<Row> withoutDevice() {
        return List.of(
                row(161, "dev_id 0 is ENOENT", kernel -> kernel.fails(ENOENT, new HwptAlloc(0, 0, kernel.ioas()))),
                row(
                        162,
                        "dev_id is looked up before pt_id",
                        kernel -> kernel.fails(ENOENT, new HwptAlloc(0, 0, 0, Fixture.nestedData(), 0, 0))),
                row(
                        163,
                        "replacing mock device 0 is ENOENT",
                        kernel -> kernel.fails(ENOENT, new DeviceTests.Replace(0, 0, kernel.ioas()))));
    }

    private static List<Row> pagingAttach() {
        return List.of(
                refused(
                        164,
                        "every flag but NEST_PARENT is EOPNOTSUPP",
                        EOPNOTSUPP,
                        setup -> new HwptAlloc(~NEST_PARENT, setup.device.deviceId(), setup.ioas)),
                row(165, "a plain HWPT and a parent of the same device", Setup::new),
                row(166, "a plain HWPT with a device is EBUSY", kernel -> {
                    Setup setup = new Setup(kernel);
                    kernel.replace(setup.device, setup.plain);
                    kernel.fails(EBUSY, new Destroy(setup.plain));
                }),
                row(167, "a parent with a device is EBUSY", kernel -> {
                    Setup setup = new Setup(kernel);
                    setup.destroyNested();
                    kernel.replace(setup.device, setup.parent);
                    kernel.fails(EBUSY, new Destroy(setup.parent));
                }),
                row(168, "back on the IOAS the parent can be destroyed", kernel -> {
                    Setup setup = new Setup(kernel);
                    setup.destroyNested();
                    kernel.replace(setup.device, setup.parent);
                    kernel.replace(setup.device, setup.ioas);
                    kernel.ok(new Destroy(setup.parent));
                }),
                row(169, "a HWPT made by hand outlives its device", kernel -> {
                    Setup setup = new Setup(kernel);
                    DeviceTests.MakeDevice.Made second = kernel.device(setup.plain);
                    kernel.ok(new Destroy(second.selftestId()));
                    kernel.ok(new Destroy(setup.plain));
                }),
                row(170, "moved to another IOAS, the automatic HWPT goes", HwptTableTest::moved),
                row(171, "and its id is ENOENT", kernel -> {
                    DeviceTests.MakeDevice.Made device = moved(kernel);
                    kernel.fails(ENOENT, new DeviceTests.Replace(device.selftestId(), 0, device.hwptId()));
                }),
                row(172, "replacing with the same IOAS changes nothing", kernel -> {
                    DeviceTests.MakeDevice.Made device = kernel.device(kernel.ioas());
                    int other = kernel.ioas();
                    int hwpt = replaced(kernel, device, other);
                    assertThat(replaced(kernel, device, other)).isEqualTo(hwpt);
                }),
                row(173, "two devices share the automatic HWPT of an IOAS", kernel -> {
                    int ioas = kernel.ioas();
                    DeviceTests.MakeDevice.Made first = kernel.device(ioas);
                    DeviceTests.MakeDevice.Made second = kernel.device(ioas);
                    assertThat(second.hwptId()).isEqualTo(first.hwptId());
                    assertThat(replaced(kernel, first, second.hwptId())).isEqualTo(second.hwptId());
                    kernel.replace(first, second.hwptId());
                    kernel.replace(first, first.hwptId());
                }),
                row(174, "an IOAS that a device left can be destroyed", kernel -> {
                    int ioas = kernel.ioas();
                    DeviceTests.MakeDevice.Made device = kernel.device(ioas);
                    int other = kernel.ioas();
                    kernel.replace(device, other);
                    kernel.replace(device, ioas);
                    kernel.ok(new Destroy(other));
                }),
                row(175, "each call of a device's life fails cleanly", kernel -> FaultSweep.device()));
    }

    private static Row refused(
            int number,
            String text,
            io.viommufleet.agent.iommufd.system.Errno errno,
            java.util.function.Function<Setup, HwptAlloc> call) {
        return row(number, text, kernel -> {
            Setup setup = new Setup(kernel);
            var before = kernel.context.snapshot();
            kernel.fails(errno, call.apply(setup));
            assertThat(kernel.context.snapshot()).isEqualTo(before);
        });
    }

    /** A device that was moved to another IOAS; it still names the HWPT that it left. */
    private static DeviceTests.MakeDevice.Made moved(Fixture kernel) {
        DeviceTests.MakeDevice.Made device = kernel.device(kernel.ioas());
        int other = kernel.ioas();
        assertThat(replaced(kernel, device, other)).isNotEqualTo(device.hwptId());
        assertThat(kernel.context.find(device.hwptId())).isNull();
        return device;
    }

    private static int replaced(Fixture kernel, DeviceTests.MakeDevice.Made device, int ptId) {
        return kernel.ok(new DeviceTests.Replace(device.selftestId(), 0, ptId)).ptId();
    }

    /** A mock device on an IOAS, with a parent, a plain HWPT, two nested ones, and a nested one that reports faults. */
    private static final class Setup {
        private final Fixture kernel;
        private final int ioas;
        private final DeviceTests.MakeDevice.Made device;
        private final int parent;
        private final int plain;
        private final int nested0;
        private final int nested1;
        private final FaultQueueAlloc.Allocated faults;
        private final int faulting;

        Setup(Fixture kernel) {
            this.kernel = kernel;
            ioas = kernel.ioas();
            device = kernel.device(ioas);
            parent = kernel.hwpt(device, ioas, NEST_PARENT);
            plain = kernel.hwpt(device, ioas, 0);
            nested0 = kernel.nested(device, parent, 0, 0);
            nested1 = kernel.nested(device, parent, 0, 0);
            faults = kernel.faultQueue();
            faulting = kernel.nested(device, parent, FAULT_ID_VALID, faults.faultId());
        }

        HwptAlloc nestedWith(int flags, UserData data) {
            return new HwptAlloc(flags, device.deviceId(), parent, data, 0, 0);
        }

        void faultRoundTrip() {
            FaultRoundTrip.on(kernel, device, faults, new PageFault(1, 1, 1, 0xdeadbeaf000L));
        }

        void destroyNested() {
            kernel.ok(new Destroy(nested0));
            kernel.ok(new Destroy(nested1));
            kernel.ok(new Destroy(faulting));
        }
    }
}
