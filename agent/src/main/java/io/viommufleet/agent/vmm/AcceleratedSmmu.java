package io.viommufleet.agent.vmm;

import static io.viommufleet.agent.vmm.StepFailure.require;

import io.viommufleet.agent.iommufd.HwptAlloc;
import io.viommufleet.agent.iommufd.ViommuAlloc;
import io.viommufleet.agent.iommufd.driver.UserData;
import io.viommufleet.agent.iommufd.system.UserBuffer;
import io.viommufleet.agent.vfio.AttachPt;
import io.viommufleet.agent.vfio.VfioDeviceFile;
import io.viommufleet.common.model.AttachStep;
import java.util.OptionalInt;

/**
 * The kernel objects of an accelerated SMMUv3 (QEMU smmuv3_accel_set_iommu_device): its first device makes the viommu object and the nested HWPTs for
 * abort and bypass, and is attached to the one that the guest's GBPA asks for, bypass at reset; later devices stay on their default HWPT. The event
 * queue comes once the guest enables its own, vdevices once it installs stream table entries.
 */
final class AcceleratedSmmu {
    private final VmProcess vm;
    private final ViommuInstance instance;

    AcceleratedSmmu(VmProcess vm, ViommuInstance instance) {
        this.vm = vm;
        this.instance = instance;
    }

    /** Takes a device behind the SMMU. */
    void add(Endpoint endpoint, UndoStack undo) throws StepFailure {
        VfioDeviceFile file = endpoint.file();
        boolean first = instance.viommuObject().isEmpty();
        if (first) {
            makeObjects(endpoint.deviceId(), endpoint.defaultHwpt());
        }
        undo.push(stack -> remove(endpoint.device(), stack));
        instance.endpoints().add(endpoint.device());
        undo.push(stack ->
                stack.report("VFIO_DEVICE_ATTACH_IOMMUFD_PT", file.attach(new AttachPt(endpoint.defaultHwpt()))));
        if (first) {
            vm.because(AttachStep.SET_IOMMU_DEVICE);
            int bypass = instance.bypassHwpt().orElseThrow();
            require(AttachStep.SET_IOMMU_DEVICE, "VFIO_DEVICE_ATTACH_IOMMUFD_PT", file.attach(new AttachPt(bypass)));
        }
    }

    private void makeObjects(int deviceId, int defaultHwpt) throws StepFailure {
        UserData noData = new UserData(ViommuAlloc.TYPE_ARM_SMMUV3, 0, UserBuffer.ofNull());
        UndoStack partial = new UndoStack();
        try {
            int viommu = vm.callViommu(AttachStep.SET_IOMMU_DEVICE, new ViommuAlloc(0, deviceId, defaultHwpt, noData))
                    .viommuId();
            partial.push(stack -> vm.destroy(viommu, stack));
            int abort = nested(deviceId, viommu, VirtualStreamEntry.aborting());
            partial.push(stack -> vm.destroy(abort, stack));
            int bypass = nested(deviceId, viommu, VirtualStreamEntry.bypassing());
            instance.setViommuObject(OptionalInt.of(viommu));
            instance.setAbortHwpt(OptionalInt.of(abort));
            instance.setBypassHwpt(OptionalInt.of(bypass));
        } catch (StepFailure failure) {
            partial.unwind();
            throw failure;
        }
    }

    private int nested(int deviceId, int viommu, byte[] entry) throws StepFailure {
        UserData data = new UserData(VirtualStreamEntry.DATA_TYPE, entry.length, UserBuffer.of(entry));
        return vm.call(AttachStep.SET_IOMMU_DEVICE, new HwptAlloc(0, deviceId, viommu, data, 0, 0))
                .hwptId();
    }

    private void remove(String device, UndoStack stack) {
        instance.endpoints().remove(device);
        instance.guest().ifPresent(guest -> guest.remove(device, stack));
        if (!instance.endpoints().isEmpty()) {
            return;
        }
        instance.bypassHwpt().ifPresent(id -> vm.destroy(id, stack));
        instance.abortHwpt().ifPresent(id -> vm.destroy(id, stack));
        instance.viommuObject().ifPresent(id -> vm.destroy(id, stack));
        instance.setBypassHwpt(OptionalInt.empty());
        instance.setAbortHwpt(OptionalInt.empty());
        instance.setViommuObject(OptionalInt.empty());
    }
}
