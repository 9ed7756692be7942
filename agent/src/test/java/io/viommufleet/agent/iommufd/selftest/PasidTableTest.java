package io.viommufleet.agent.iommufd.selftest;

import static io.viommufleet.agent.iommufd.HwptFlags.FAULT_ID_VALID;
import static io.viommufleet.agent.iommufd.HwptFlags.NEST_PARENT;
import static io.viommufleet.agent.iommufd.HwptFlags.PASID;
import static io.viommufleet.agent.iommufd.selftest.Row.row;
import static io.viommufleet.agent.iommufd.system.Errno.EBUSY;
import static io.viommufleet.agent.iommufd.system.Errno.EINVAL;
import static io.viommufleet.agent.iommufd.system.Errno.ENOMEM;

import io.viommufleet.agent.iommufd.Destroy;
import io.viommufleet.agent.iommufd.FaultQueueAlloc;
import io.viommufleet.agent.iommufd.PageFault;
import io.viommufleet.agent.iommufd.system.Errno;
import java.util.List;

/** Table O: attaching, replacing and detaching PASIDs. */
final class PasidTableTest extends ConformanceTable {
    private static final int UNRELIABLE = 1024;

    @Override
    List<Row> rows() {
        return List.of(
                row(294, "detaching a PASID that is not attached is fine", kernel -> new Setup(kernel).detach(100)),
                row(295, "every kind of HWPT for PASIDs is made", kernel -> {
                    Setup setup = new Setup(kernel);
                    setup.faulting();
                    int viommu = kernel.viommu(setup.device, setup.parent);
                    kernel.nested(setup.device, viommu, PASID, 0);
                }),
                row(296, "a PASID beside a HWPT that is not for PASIDs is EINVAL", kernel -> {
                    Setup setup = new Setup(kernel);
                    kernel.replace(setup.device, setup.parent);
                    setup.attachFails(EINVAL, 100, setup.second);
                }),
                row(297, "a PASID beside one that is", kernel -> {
                    Setup setup = setUp(kernel);
                    setup.attach(100, setup.nested0);
                }),
                row(298, "with a PASID the device cannot move to a HWPT not for PASIDs: EINVAL", kernel -> {
                    Setup setup = setUp(kernel);
                    setup.attach(100, setup.nested0);
                    kernel.fails(EINVAL, new DeviceTests.Replace(setup.device.selftestId(), 0, setup.parent));
                }),
                row(299, "a detached PASID is empty", kernel -> {
                    Setup setup = setUp(kernel);
                    setup.attach(100, setup.nested0);
                    setup.detach(100);
                    setup.isOn(100, 0);
                }),
                row(300, "a device without PASIDs moves to a nested HWPT and back", kernel -> {
                    Setup setup = new Setup(kernel, 0);
                    kernel.replace(setup.device, setup.nested0);
                    kernel.replace(setup.device, setup.ioas);
                }),
                row(301, "its PASID cannot attach to a parent: EINVAL", kernel -> {
                    Setup setup = new Setup(kernel, 0);
                    setup.attachFails(EINVAL, 100, setup.parent);
                }),
                row(302, "nor to a HWPT for PASIDs: EINVAL", kernel -> {
                    Setup setup = new Setup(kernel, 0);
                    setup.attachFails(EINVAL, 100, setup.second);
                }),
                row(303, "a PASID cannot attach to a parent that is not for PASIDs: EINVAL", kernel -> {
                    Setup setup = setUp(kernel);
                    setup.attachFails(EINVAL, 100, setup.parent);
                    setup.isOn(100, 0);
                }),
                row(304, "a PASID cannot attach to an IOAS: EINVAL", kernel -> {
                    Setup setup = setUp(kernel);
                    setup.attachFails(EINVAL, 100, setup.ioas);
                    setup.isOn(100, 0);
                }),
                row(305, "a PASID attaches to the device's own HWPT", kernel -> {
                    Setup setup = setUp(kernel);
                    setup.attach(100, setup.second);
                    setup.isOn(100, setup.second);
                }),
                row(306, "an attached PASID is EBUSY", kernel -> {
                    Setup setup = setUp(kernel);
                    setup.attach(100, setup.second);
                    setup.attachFails(EBUSY, 100, setup.nested0);
                }),
                row(307, "detached it attaches to another HWPT", kernel -> {
                    Setup setup = setUp(kernel);
                    setup.attach(100, setup.second);
                    setup.detach(100);
                    setup.attach(100, setup.nested0);
                }),
                row(308, "attaching to the same HWPT again is EBUSY", kernel -> {
                    Setup setup = setUp(kernel);
                    setup.attach(100, setup.nested0);
                    setup.attachFails(EBUSY, 100, setup.nested0);
                }),
                row(309, "replacing what is not attached is EINVAL", kernel -> {
                    Setup setup = setUp(kernel);
                    setup.replaceFails(EINVAL, 200, setup.second);
                }),
                row(310, "replacing with an IOAS is EINVAL and changes nothing", kernel -> {
                    Setup setup = setUp(kernel);
                    setup.attach(200, setup.second);
                    setup.replaceFails(EINVAL, 200, setup.ioas);
                    setup.isOn(200, setup.second);
                }),
                row(311, "replacing with one nested HWPT, then another", kernel -> {
                    Setup setup = setUp(kernel);
                    setup.attach(200, setup.second);
                    setup.replace(200, setup.nested0);
                    setup.replace(200, setup.nested1);
                    setup.isOn(200, setup.nested1);
                }),
                row(312, "a replace that hardware fails is ENOMEM and changes nothing", kernel -> {
                    Setup setup = setUp(kernel);
                    setup.attach(UNRELIABLE, setup.second);
                    setup.replaceFails(ENOMEM, UNRELIABLE, setup.nested0);
                    setup.isOn(UNRELIABLE, setup.second);
                }),
                row(313, "and the PASID can still be detached", kernel -> {
                    Setup setup = setUp(kernel);
                    setup.attach(UNRELIABLE, setup.second);
                    setup.replaceFails(ENOMEM, UNRELIABLE, setup.nested0);
                    setup.detach(UNRELIABLE);
                    setup.isOn(UNRELIABLE, 0);
                }),
                row(
                        314,
                        "a page fault of a PASID is read and answered",
                        kernel -> setUp(kernel).faultOf(2048)),
                row(315, "the PASID moves away and is detached", kernel -> {
                    Setup setup = setUp(kernel);
                    setup.faultOf(2048);
                    setup.replace(2048, setup.second);
                    setup.detach(2048);
                }),
                row(316, "HWPT and fault queue can be destroyed then", kernel -> {
                    Setup setup = setUp(kernel);
                    int faulting = setup.faultOf(2048);
                    setup.detach(2048);
                    kernel.close(setup.faults.fd());
                    kernel.ok(new Destroy(faulting));
                    kernel.ok(new Destroy(setup.faults.faultId()));
                }),
                row(317, "without PASIDs the device moves back to the IOAS", kernel -> {
                    Setup setup = setUp(kernel);
                    setup.attach(100, setup.nested0);
                    setup.detach(100);
                    kernel.replace(setup.device, setup.ioas);
                }));
    }

    /** The device itself on the HWPT that is for PASIDs. */
    private static Setup setUp(Fixture kernel) {
        Setup setup = new Setup(kernel);
        kernel.replace(setup.device, setup.second);
        return setup;
    }

    /** A device on an IOAS, a parent that is not for PASIDs, two nested HWPTs and a paging one that are. */
    private static final class Setup {
        private final Fixture kernel;
        private final int ioas;
        private final DeviceTests.MakeDevice.Made device;
        private final int parent;
        private final int nested0;
        private final int nested1;
        private final int second;
        private final FaultQueueAlloc.Allocated faults;

        Setup(Fixture kernel) {
            this(kernel, MockDevice.PASID);
        }

        Setup(Fixture kernel, int deviceFlags) {
            this.kernel = kernel;
            ioas = kernel.ioas();
            device = kernel.device(ioas, deviceFlags);
            parent = kernel.hwpt(device, ioas, NEST_PARENT);
            nested0 = kernel.nested(device, parent, PASID, 0);
            nested1 = kernel.nested(device, parent, PASID, 0);
            second = kernel.hwpt(device, ioas, PASID);
            faults = kernel.faultQueue();
        }

        int faulting() {
            return kernel.nested(device, parent, FAULT_ID_VALID | PASID, faults.faultId());
        }

        int faultOf(int pasid) {
            int faulting = faulting();
            attach(pasid, faulting);
            FaultRoundTrip.on(kernel, device, faults, new PageFault(pasid, 1, 1, 0xdeadbeaf000L));
            return faulting;
        }

        void attach(int pasid, int ptId) {
            kernel.ok(new DeviceTests.AttachPasid(device.selftestId(), pasid, ptId));
        }

        void attachFails(Errno errno, int pasid, int ptId) {
            kernel.fails(errno, new DeviceTests.AttachPasid(device.selftestId(), pasid, ptId));
        }

        void replace(int pasid, int ptId) {
            kernel.ok(new DeviceTests.Replace(device.selftestId(), pasid, ptId));
        }

        void replaceFails(Errno errno, int pasid, int ptId) {
            kernel.fails(errno, new DeviceTests.Replace(device.selftestId(), pasid, ptId));
        }

        void detach(int pasid) {
            kernel.ok(new DeviceTests.DetachPasid(device.selftestId(), pasid));
        }

        void isOn(int pasid, int hwptId) {
            kernel.ok(new DeviceTests.CheckPasid(device.selftestId(), pasid, hwptId));
        }
    }
}
