package io.viommufleet.controller.placement;

import io.viommufleet.common.feasibility.Feasibility;
import io.viommufleet.common.feasibility.FeasibilityRequest;
import io.viommufleet.common.model.AttachFailure;
import io.viommufleet.common.model.AttachStep;
import io.viommufleet.common.model.HostDevice;
import io.viommufleet.common.model.HostInventory;
import io.viommufleet.common.viommu.GuestDevice;
import java.util.Optional;

/** What the host's registers, kernel and VMM would make of the attach, by the same code that the agent's VMM runs. */
public final class HostFeasibility implements DeviceFeasibility {
    @Override
    public Optional<Refusal> check(Candidate vm, GuestDevice guest, HostInventory host, HostDevice device) {
        FeasibilityRequest request = new FeasibilityRequest(
                vm.decision(), guest.id(), vm.spec().memoryBytes(), vm.spec().strict(), vm.resolvedValues());
        return switch (Feasibility.of(request, host, device.bdf())) {
            case Feasibility.Feasible _ -> Optional.empty();
            case Feasibility.Infeasible(AttachFailure failure) -> Optional.of(refusal(vm, guest, failure));
        };
    }

    private static Refusal refusal(Candidate vm, GuestDevice guest, AttachFailure failure) {
        boolean wantsNesting = vm.decision().devices().stream()
                .anyMatch(device -> device.id().equals(guest.id()) && device.nestingParent());
        boolean kernelRefuses =
                failure.step() == AttachStep.HWPT_ALLOC && failure.errno().isPresent();
        Obstacle obstacle = wantsNesting && kernelRefuses ? Obstacle.CANNOT_NEST : Obstacle.CANNOT_ATTACH;
        return new Refusal(obstacle, failure.words());
    }
}
