package io.viommufleet.agent.vmm;

import io.viommufleet.common.feasibility.AttachWords;
import io.viommufleet.common.feasibility.GuestEndpoint;
import io.viommufleet.common.feasibility.HostCheckResult;
import io.viommufleet.common.feasibility.HostChecks;
import io.viommufleet.common.feasibility.HostIommuDevice;
import io.viommufleet.common.model.AttachStep;
import io.viommufleet.common.viommu.ArmSmmuv3;
import io.viommufleet.common.viommu.DeviceDecision;
import io.viommufleet.common.viommu.Viommu;
import java.util.Map;
import java.util.Optional;

/** The end of an attach: the vIOMMU checks the host device and takes it (set_iommu_device), then answers the notifier that VFIO registers. */
final class ViommuHandover {
    private final VmProcess vm;
    private final VmAttachRequest request;
    private final Viommu viommu;
    private final UndoStack undo;
    private final DeviceDecision device;
    private final ViommuInstance instance;

    ViommuHandover(VmProcess vm, VmAttachRequest request, Viommu viommu, UndoStack undo) {
        this.vm = vm;
        this.request = request;
        this.viommu = viommu;
        this.undo = undo;
        this.device = request.deviceDecision();
        this.instance = vm.viommu(device.viommu().orElseThrow());
    }

    /**
     * Hands a device over.
     *
     * @param driven how the guest reaches it; empty with the legacy backend
     * @return values that this device finalised, by property path
     */
    Map<String, String> take(HostIommuDevice hiod, Optional<Endpoint> driven) throws StepFailure {
        String requester =
                device.aliased() ? "bus " + request.guestDevice().bus().orElse("") : "device " + request.device();
        GuestEndpoint endpoint = new GuestEndpoint(
                device.aliased(), instance.endpoints().contains(request.device()), instance.reservedRanges(requester));
        Map<String, String> values = switch (HostChecks.check(viommu, instance.path(), vm.frozen(), endpoint, hiod)) {
            case HostCheckResult.Accepted(Map<String, String> finalised) -> finalised;
            case HostCheckResult.Refused refused ->
                throw new StepFailure(AttachWords.refused(AttachStep.SET_IOMMU_DEVICE, refused));
        };
        register(driven);
        Optional<HostCheckResult.Refused> refused = HostChecks.refusesNotifier(viommu);
        if (refused.isPresent()) {
            throw new StepFailure(AttachWords.refused(AttachStep.REGISTER_NOTIFIER, refused.get()));
        }
        if (!hiod.usableRanges().isEmpty()) {
            instance.reserve(requester, hiod.reservedRanges());
        }
        vm.frozen().putAll(values);
        return values;
    }

    private void register(Optional<Endpoint> driven) throws StepFailure {
        boolean accelerated = viommu instanceof ArmSmmuv3 smmu && smmu.accel().orElse(false);
        if (accelerated && driven.isPresent()) {
            new AcceleratedSmmu(vm, instance).add(driven.get(), undo);
        } else {
            instance.endpoints().add(request.device());
            undo.push(stack -> remove(stack));
        }
        driven.ifPresent(endpoint -> instance.guest(() ->
                        GuestIommus.of(viommu, instance, vm, request.decision().canonical()))
                .ifPresent(guest -> guest.add(endpoint)));
    }

    private void remove(UndoStack stack) {
        instance.endpoints().remove(request.device());
        instance.guest().ifPresent(guest -> guest.remove(request.device(), stack));
    }
}
