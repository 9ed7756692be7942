package io.viommufleet.deploy.view;

import io.viommufleet.common.model.Placement;
import io.viommufleet.controller.placement.Candidate;
import io.viommufleet.controller.placement.HostVerdict;
import io.viommufleet.deploy.view.FleetState.CellKey;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;

/**
 * Asks the controller's own placement about one VM, as the fleet is now without that VM: what each host would be to it. A pin
 * is taken for a plain choice of one host, so that feasibility is asked of it too.
 */
public final class PlacementQuestion {
    private PlacementQuestion() {}

    /**
     * A host of the fleet, and what it would be to the VM.
     *
     * @param cell of the host
     */
    public record Answer(int cell, HostVerdict verdict) {}

    /** The verdict on every host of the VM's cell; none for a VM without a decision. */
    public static List<HostVerdict> verdicts(FleetState state, CellKey<String> vm, Placement placement) {
        return FleetFork.candidate(placement)
                .map(candidate -> new FleetFork(state, vm.cell()).verdicts(FleetFork.unpinned(candidate)))
                .orElse(List.of());
    }

    /** The verdict on every host of every cell, whatever hosts the VM names; none for a VM without a decision. */
    public static List<Answer> everywhere(FleetState state, Placement placement) {
        Optional<Candidate> candidate = FleetFork.candidate(placement).map(FleetFork::anywhere);
        TreeSet<Integer> cells = new TreeSet<>();
        state.inventories().keySet().forEach(host -> cells.add(host.cell()));
        return candidate.stream()
                .flatMap(vm -> cells.stream()
                        .flatMap(cell -> new FleetFork(state, cell)
                                .verdicts(vm).stream().map(verdict -> new Answer(cell, verdict))))
                .toList();
    }

    /** Why a VM would wait if it had to be placed now; empty for a VM without a decision. */
    public static Optional<String> whyPending(FleetState state, CellKey<String> vm, Placement placement) {
        return FleetFork.candidate(placement).map(candidate -> new FleetFork(state, vm.cell()).whyPending(candidate));
    }
}
