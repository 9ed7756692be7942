package io.viommufleet.agent.iommufd.selftest;

import static io.viommufleet.agent.iommufd.system.Errno.EINVAL;

import io.viommufleet.agent.iommufd.Device;
import io.viommufleet.agent.iommufd.Hwpt;
import io.viommufleet.agent.iommufd.Ioctl;
import io.viommufleet.agent.iommufd.Iommufd;
import io.viommufleet.agent.iommufd.IommufdObject;
import io.viommufleet.agent.iommufd.PageFault;
import io.viommufleet.agent.iommufd.driver.IommuGroup;
import io.viommufleet.agent.iommufd.system.KernelFailure;
import java.util.concurrent.atomic.AtomicInteger;

/** The operations of the test module on mock devices. A mock device is named by the id of its SELFTEST object, unless a DEVICE id is asked for. */
public final class DeviceTests {
    private static final int NO_PASID = 0;
    private static final AtomicInteger NEXT_GROUP = new AtomicInteger();

    private DeviceTests() {}

    private static Device deviceOf(Iommufd context, int id) throws KernelFailure {
        return context.get(id, MockBinding.class).device();
    }

    private static MockDevice mockOf(Iommufd context, int deviceId) throws KernelFailure {
        if (!(context.get(deviceId, Device.class).hardware() instanceof MockDevice mock)) {
            throw EINVAL.failure();
        }
        return mock;
    }

    /**
     * MOCK_DOMAIN and MOCK_DOMAIN_FLAGS (2, 12): makes a mock device, binds it and attaches it.
     *
     * @param ptId IOAS or HWPT
     * @param deviceFlags 1 no dirty tracking, 2 huge IOVAs (6.12), 4 PASIDs (7.0)
     */
    public record MakeDevice(int ptId, int deviceFlags) implements Ioctl<MakeDevice.Made> {
        /**
         * The new device.
         *
         * @param selftestId id of the SELFTEST object
         * @param deviceId id of the DEVICE
         * @param hwptId HWPT in use
         */
        public record Made(int selftestId, int deviceId, int hwptId) {}

        @Override
        public String name() {
            return "TEST_MOCK_DOMAIN";
        }

        @Override
        public Made execute(Iommufd context) throws KernelFailure {
            int[] hwpt = new int[1];
            MockBinding binding = context.addForeign(id -> bind(context, id, hwpt));
            return new Made(binding.id(), binding.device().id(), hwpt[0]);
        }

        private MockBinding bind(Iommufd context, int id, int[] hwpt) throws KernelFailure {
            IommuGroup group = new IommuGroup(NEXT_GROUP.getAndIncrement());
            MockDevice mock =
                    new MockDevice(group, deviceFlags, context.kernel().behaviour());
            Device device = context.bind(mock, false);
            try {
                hwpt[0] = device.attach(NO_PASID, ptId);
            } catch (KernelFailure failure) {
                device.unbind();
                throw failure;
            }
            return new MockBinding(context, id, mock, device);
        }
    }

    /**
     * MOCK_DOMAIN_REPLACE and PASID_REPLACE (10, 19): moves a mock device, or a PASID of it.
     *
     * @param id SELFTEST object
     * @param pasid 0 for the device itself
     * @param ptId IOAS or HWPT
     */
    public record Replace(int id, int pasid, int ptId) implements Ioctl<Attached> {
        @Override
        public String name() {
            return pasid == NO_PASID ? "TEST_MOCK_DOMAIN_REPLACE" : "TEST_PASID_REPLACE";
        }

        @Override
        public Attached execute(Iommufd context) throws KernelFailure {
            return new Attached(deviceOf(context, id).replace(pasid, ptId));
        }
    }

    /**
     * PASID_ATTACH (18).
     *
     * @param id SELFTEST object
     * @param pasid which one
     * @param ptId IOAS or HWPT
     */
    public record AttachPasid(int id, int pasid, int ptId) implements Ioctl<Attached> {
        @Override
        public String name() {
            return "TEST_PASID_ATTACH";
        }

        @Override
        public Attached execute(Iommufd context) throws KernelFailure {
            return new Attached(deviceOf(context, id).attach(pasid, ptId));
        }
    }

    /**
     * Where a device or PASID is now.
     *
     * @param ptId HWPT in use
     */
    public record Attached(int ptId) {}

    /**
     * PASID_DETACH (20): nothing happens when it is not attached.
     *
     * @param id SELFTEST object
     * @param pasid which one
     */
    public record DetachPasid(int id, int pasid) implements Ioctl<Ioctl.Done> {
        @Override
        public String name() {
            return "TEST_PASID_DETACH";
        }

        @Override
        public Done execute(Iommufd context) throws KernelFailure {
            deviceOf(context, id).detach(pasid);
            return Done.DONE;
        }
    }

    /**
     * PASID_CHECK_HWPT (21): EINVAL unless a PASID is attached to a HWPT, or to nothing for id 0; ENOENT for an id that nothing has.
     *
     * @param id SELFTEST object
     * @param pasid which one
     * @param hwptId expected HWPT, 0 for none
     */
    public record CheckPasid(int id, int pasid, int hwptId) implements Ioctl<Ioctl.Done> {
        @Override
        public String name() {
            return "TEST_PASID_CHECK_HWPT";
        }

        @Override
        public Done execute(Iommufd context) throws KernelFailure {
            Hwpt attached = deviceOf(context, id).attachedTo(pasid);
            IommufdObject expected = hwptId == 0 ? null : context.get(hwptId, IommufdObject.class);
            if (attached != expected) {
                throw EINVAL.failure();
            }
            return Done.DONE;
        }
    }

    /**
     * TRIGGER_IOPF (15): the device asks for a page. The call succeeds whether anybody listens or not.
     *
     * @param deviceId DEVICE
     * @param fault the page request
     */
    public record TriggerFault(int deviceId, PageFault fault) implements Ioctl<TriggerFault.Raised> {
        /**
         * A fault that was raised.
         *
         * @param heard whether a queue took it; otherwise hardware answered with a failure
         */
        public record Raised(boolean heard) {}

        @Override
        public String name() {
            return "TEST_TRIGGER_IOPF";
        }

        @Override
        public Raised execute(Iommufd context) throws KernelFailure {
            return new Raised(fault.report(context.get(deviceId, Device.class)));
        }
    }

    /**
     * TRIGGER_VEVENT (17): the device reports an event to its viommu; ENOENT while the guest has no name for it, EOPNOTSUPP without a queue.
     *
     * @param deviceId DEVICE
     */
    public record TriggerEvent(int deviceId) implements Ioctl<Ioctl.Done> {
        @Override
        public String name() {
            return "TEST_TRIGGER_VEVENT";
        }

        @Override
        public Done execute(Iommufd context) throws KernelFailure {
            mockOf(context, deviceId).reportEvent();
            return Done.DONE;
        }
    }

    /**
     * DEV_CHECK_CACHE (16): EINVAL unless a word of the device's cache is as expected.
     *
     * @param deviceId DEVICE
     * @param word which word, 0 to 3
     * @param expected value
     */
    public record CheckCache(int deviceId, int word, int expected) implements Ioctl<Ioctl.Done> {
        @Override
        public String name() {
            return "TEST_DEV_CHECK_CACHE";
        }

        @Override
        public Done execute(Iommufd context) throws KernelFailure {
            if (mockOf(context, deviceId).cached(word) != expected) {
                throw EINVAL.failure();
            }
            return Done.DONE;
        }
    }
}
