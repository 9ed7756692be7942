package io.viommufleet.agent.iommufd.selftest;

import static io.viommufleet.agent.iommufd.selftest.Fixture.AUTO_RW;
import static io.viommufleet.agent.iommufd.selftest.Fixture.BASE;
import static io.viommufleet.agent.iommufd.selftest.Fixture.BUFFER;
import static io.viommufleet.agent.iommufd.selftest.Fixture.FIXED_RW;
import static io.viommufleet.agent.iommufd.selftest.Fixture.P;
import static io.viommufleet.agent.iommufd.system.Errno.ENOMEM;
import static org.assertj.core.api.Assertions.assertThat;

import io.viommufleet.agent.iommufd.Destroy;
import io.viommufleet.agent.iommufd.FaultInjector;
import io.viommufleet.agent.iommufd.FaultQueueAlloc;
import io.viommufleet.agent.iommufd.GetHwInfo;
import io.viommufleet.agent.iommufd.HwQueueAlloc;
import io.viommufleet.agent.iommufd.HwptAlloc;
import io.viommufleet.agent.iommufd.HwptFlags;
import io.viommufleet.agent.iommufd.IoasAlloc;
import io.viommufleet.agent.iommufd.IoasAllowIovas;
import io.viommufleet.agent.iommufd.IoasCopy;
import io.viommufleet.agent.iommufd.IoasIovaRanges;
import io.viommufleet.agent.iommufd.IoasMap;
import io.viommufleet.agent.iommufd.IoasUnmap;
import io.viommufleet.agent.iommufd.Ioctl;
import io.viommufleet.agent.iommufd.KernelBehaviour;
import io.viommufleet.agent.iommufd.ObjectSnapshot;
import io.viommufleet.agent.iommufd.Result;
import io.viommufleet.agent.iommufd.VdeviceAlloc;
import io.viommufleet.agent.iommufd.VeventqAlloc;
import io.viommufleet.agent.iommufd.ViommuAlloc;
import io.viommufleet.agent.iommufd.driver.UserData;
import io.viommufleet.agent.iommufd.iova.IovaRange;
import io.viommufleet.agent.iommufd.system.Credentials;
import io.viommufleet.agent.iommufd.system.UserBuffer;
import java.util.List;

/**
 * Sequences of calls, each run as often as it has calls, with one call more failing each time. A call that fails must leave every object, reservation and
 * pinned page as it was, and what was made before must still close cleanly.
 */
final class FaultSweep {
    private static final long MAPPED_BYTES = 256L << 10;
    private static final int PASID = 200;

    private final Fixture kernel;

    private FaultSweep(Fixture kernel) {
        this.kernel = kernel;
    }

    /** A call of a sequence failed. */
    private static final class CallFailed extends Exception {
        private static final long serialVersionUID = 1L;
    }

    /** A sequence of calls. */
    @FunctionalInterface
    private interface Sequence {
        void play(FaultSweep calls) throws CallFailed;
    }

    /** IOAS_ALLOC, IOVA_RANGES, ALLOW_IOVAS, MAP, COPY, UNMAP and a second UNMAP. */
    static void basic() {
        failEach(calls -> {
            int ioas = calls.make(new IoasAlloc(0)).ioasId();
            calls.make(new IoasIovaRanges(ioas));
            calls.make(IoasAllowIovas.of(ioas, List.of(new IovaRange(16 << 10, BUFFER + (16L << 10) * 600 - 1))));
            long iova =
                    calls.make(new IoasMap(AUTO_RW, ioas, BUFFER, 0x4000, 0)).iova();
            long copied =
                    calls.make(new IoasCopy(AUTO_RW, ioas, ioas, 160, 0, iova)).iova();
            calls.make(new IoasUnmap(ioas, iova, 0x4000));
            calls.make(new IoasUnmap(ioas, copied, 160));
        });
    }

    /** Attach, map, detach and attach again. */
    static void mapWithDevices(int devices) {
        failEach(calls -> calls.mapBetweenAttaches(devices));
    }

    /** The same under every limit of locked memory up to what it needs, so that pinning itself fails in the middle of a call. */
    static void pinLimits(int devices) {
        long neededPages = MAPPED_BYTES / P;
        for (long pages = 0; pages <= neededPages; pages++) {
            boolean mapFits = runLimited(pages, calls -> calls.mapBetweenAttaches(devices));
            boolean attachFits = runLimited(pages, calls -> calls.mapThenAttach(devices));
            assertThat(mapFits).as("map with %d pages allowed", pages).isEqualTo(pages == neededPages);
            assertThat(attachFits).as("attach with %d pages allowed", pages).isEqualTo(pages == neededPages);
        }
    }

    /** An access that reads and writes, small and large, fast and slow. */
    static void accessReadWrite() {
        failEach(calls -> {
            int ioas = calls.make(new IoasAlloc(0)).ioasId();
            calls.make(new IoasMap(FIXED_RW, ioas, BUFFER, MAPPED_BYTES, BASE));
            int access = calls.make(new AccessTests.Create(ioas, 0)).fd();
            UserBuffer data = UserBuffer.of(new byte[32 << 10]);
            for (int slow = 0; slow <= 4; slow += 4) {
                calls.make(new AccessTests.ReadWrite(access, slow, BASE, 16, data));
                calls.make(new AccessTests.ReadWrite(access, slow | 1, BASE, 16, data));
            }
            calls.make(new AccessTests.ReadWrite(access, 0, BASE, 32 << 10, data));
        });
    }

    /** An access that pins, with and without a HWPT beside it. */
    static void accessPin(boolean withDevice) {
        failEach(calls -> {
            int ioas = calls.make(new IoasAlloc(0)).ioasId();
            if (withDevice) {
                calls.make(new DeviceTests.MakeDevice(ioas, 0));
            }
            calls.make(new IoasMap(FIXED_RW, ioas, BUFFER, MAPPED_BYTES, BASE));
            int access = calls.make(new AccessTests.Create(ioas, 1)).fd();
            int item = calls.make(new AccessTests.PinPages(access, 1, BASE, MAPPED_BYTES, BUFFER))
                    .item();
            calls.make(new AccessTests.UnpinPages(access, item));
        });
    }

    /** Everything that a device takes part in: HWPTs, a viommu with its queues, faults, PASIDs. */
    static void device() {
        failEach(FaultSweep::playDevice);
    }

    private static void playDevice(FaultSweep calls) throws CallFailed {
        int ioas = calls.make(new IoasAlloc(0)).ioasId();
        int second = calls.make(new IoasAlloc(0)).ioasId();
        calls.make(new IoasMap(FIXED_RW, ioas, BUFFER, MAPPED_BYTES, BASE));
        DeviceTests.MakeDevice.Made device = calls.make(new DeviceTests.MakeDevice(ioas, MockDevice.PASID));
        calls.make(new GetHwInfo(device.deviceId()));
        int hwpt = calls.make(new HwptAlloc(HwptFlags.PASID, device.deviceId(), ioas))
                .hwptId();
        calls.make(new DeviceTests.Replace(device.selftestId(), 0, second));
        calls.make(new DeviceTests.Replace(device.selftestId(), 0, hwpt));
        int parentFlags = HwptFlags.NEST_PARENT | HwptFlags.PASID;
        int parent =
                calls.make(new HwptAlloc(parentFlags, device.deviceId(), ioas)).hwptId();
        calls.playViommu(device, parent);
        int faults = calls.make(new FaultQueueAlloc(0)).faultId();
        calls.make(Fixture.nestedCall(device, parent, HwptFlags.FAULT_ID_VALID, faults));
        calls.make(new DeviceTests.AttachPasid(device.selftestId(), PASID, hwpt));
        calls.make(new DeviceTests.Replace(device.selftestId(), PASID, parent));
        calls.make(new DeviceTests.DetachPasid(device.selftestId(), PASID));
    }

    private void playViommu(DeviceTests.MakeDevice.Made device, int parent) throws CallFailed {
        UserData none = new UserData(Fixture.SELFTEST_VIOMMU, 0, UserBuffer.ofNull());
        int viommu = make(new ViommuAlloc(0, device.deviceId(), parent, none)).viommuId();
        make(new VdeviceAlloc(viommu, device.deviceId(), 0));
        make(new HwQueueAlloc(0, viommu, Fixture.SELFTEST_VIOMMU, 0, BASE, P));
        make(new VeventqAlloc(0, viommu, MockViommu.EVENT_TYPE, 2, 0));
    }

    private void mapBetweenAttaches(int devices) throws CallFailed {
        int ioas = make(new IoasAlloc(0)).ioasId();
        int[] ids = new int[devices];
        for (int device = 0; device < devices; device++) {
            ids[device] = make(new DeviceTests.MakeDevice(ioas, 0)).selftestId();
        }
        make(new IoasMap(FIXED_RW, ioas, BUFFER, MAPPED_BYTES, BASE));
        for (int id : ids) {
            make(new Destroy(id));
        }
        for (int device = 0; device < devices; device++) {
            make(new DeviceTests.MakeDevice(ioas, 0));
        }
    }

    private void mapThenAttach(int devices) throws CallFailed {
        int ioas = make(new IoasAlloc(0)).ioasId();
        make(new IoasMap(FIXED_RW, ioas, BUFFER, MAPPED_BYTES, BASE));
        for (int device = 0; device < devices; device++) {
            make(new DeviceTests.MakeDevice(ioas, 0));
        }
    }

    private static void failEach(Sequence sequence) {
        boolean failed = true;
        for (long call = 1; failed; call++) {
            Fixture kernel = new Fixture(KernelBehaviour.LINUX_7_0);
            kernel.kernel.inject(FaultInjector.failing(kernel.kernel.callCount() + call, ENOMEM));
            failed = !completes(kernel, sequence);
        }
    }

    private static boolean runLimited(long pages, Sequence sequence) {
        Credentials limited = new Credentials(false, false, pages * P);
        return completes(new Fixture(KernelBehaviour.LINUX_7_0, limited), sequence);
    }

    private static boolean completes(Fixture kernel, Sequence sequence) {
        boolean complete = true;
        try {
            sequence.play(new FaultSweep(kernel));
        } catch (CallFailed failed) {
            complete = false;
        }
        kernel.kernel.inject(FaultInjector.NONE);
        kernel.closeEverything();
        return complete;
    }

    private <R> R make(Ioctl<R> call) throws CallFailed {
        ObjectSnapshot before = kernel.context.snapshot();
        long pinnedBefore = kernel.pinnedPages();
        Result<R> result = kernel.context.call(call);
        if (result.isOk()) {
            return result.value();
        }
        assertThat(result.errno()).as("%s", call).isEqualTo(ENOMEM);
        assertThat(kernel.context.snapshot())
                .as("objects after %s failed", call)
                .isEqualTo(before);
        assertThat(kernel.pinnedPages())
                .as("pages pinned after %s failed", call)
                .isEqualTo(pinnedBefore);
        throw new CallFailed();
    }
}
