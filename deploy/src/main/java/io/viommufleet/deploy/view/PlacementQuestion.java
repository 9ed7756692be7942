package io.viommufleet.deploy.view;

import io.viommufleet.common.model.Attachment;
import io.viommufleet.common.model.Bdf;
import io.viommufleet.common.model.DeviceState;
import io.viommufleet.common.model.HostInventory;
import io.viommufleet.common.model.HostState;
import io.viommufleet.common.model.Outcome;
import io.viommufleet.common.model.Phase;
import io.viommufleet.common.model.Placement;
import io.viommufleet.common.model.PlacementRules;
import io.viommufleet.common.model.VmSpec;
import io.viommufleet.common.viommu.Decision;
import io.viommufleet.controller.placement.Candidate;
import io.viommufleet.controller.placement.HostFeasibility;
import io.viommufleet.controller.placement.HostVerdict;
import io.viommufleet.controller.placement.HostView;
import io.viommufleet.controller.placement.Placer;
import io.viommufleet.deploy.view.FleetState.CellKey;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Asks the controller's own placement about one VM, as the fleet is now without that VM: what each host would be to it. A pin
 * is taken for a plain choice of one host, so that feasibility is asked of it too.
 */
public final class PlacementQuestion {
    private PlacementQuestion() {}

    /** The verdict on every host of the VM's cell; none for a VM without a decision. */
    public static List<HostVerdict> verdicts(FleetState state, CellKey<String> vm, Placement placement) {
        return candidate(placement)
                .map(candidate -> new Placer(new HostFeasibility())
                        .place(candidate, hosts(state, vm), Map.of())
                        .verdicts())
                .orElse(List.of());
    }

    private static Optional<Candidate> candidate(Placement placement) {
        return placement.decision().flatMap(admission -> {
            Decision decision =
                    admission.configuration().decide(admission.certificate().rulesVersion());
            return decision instanceof Decision.Decided decided
                    ? Optional.of(new Candidate(
                            placement.key(), unpinned(placement.spec()), decided, placement.resolvedValues()))
                    : Optional.empty();
        });
    }

    /** A host named twice is no pin, and allows the same. */
    private static VmSpec unpinned(VmSpec spec) {
        PlacementRules rules = spec.placement();
        if (!rules.pinned()) {
            return spec;
        }
        String host = rules.hosts().getFirst();
        return new VmSpec(
                spec.configuration(),
                spec.memoryBytes(),
                spec.matches(),
                rules.withHosts(List.of(host, host)),
                spec.onHostLoss(),
                spec.strict(),
                spec.rulesVersion(),
                spec.deleted(),
                spec.guest());
    }

    private static List<HostView> hosts(FleetState state, CellKey<String> vm) {
        return state.inventories().entrySet().stream()
                .filter(entry -> entry.getKey().cell() == vm.cell())
                .map(entry -> host(state, vm, entry.getKey(), entry.getValue()))
                .toList();
    }

    private static HostView host(FleetState state, CellKey<String> vm, CellKey<String> key, HostInventory inventory) {
        Optional<HostState> held = state.hostState(key);
        return new HostView(
                inventory,
                state.admitted(key),
                true,
                held.map(HostState::cordoned).orElse(false),
                held.flatMap(HostState::quarantine),
                new HashSet<>(held.map(HostState::quarantinedGroups).orElse(List.of())),
                holders(state, vm, key),
                memory(state, vm, key));
    }

    private static Map<Bdf, String> holders(FleetState state, CellKey<String> vm, CellKey<String> host) {
        Map<Bdf, String> holders = new HashMap<>();
        state.attachments().forEach((id, command) -> {
            boolean here = id.cell() == host.cell() && id.key().host().equals(host.key());
            boolean free = command.attachment().desired() == Attachment.Desired.DETACHED
                    && state.outcome(id)
                            .map(Outcome::state)
                            .filter(DeviceState.DETACHED::equals)
                            .isPresent();
            if (here && !free && !id.key().vm().equals(vm.key())) {
                holders.put(command.attachment().bdf(), id.key().vm());
            }
        });
        return holders;
    }

    private static long memory(FleetState state, CellKey<String> vm, CellKey<String> host) {
        return state.placements().entrySet().stream()
                .filter(entry ->
                        entry.getKey().cell() == host.cell() && !entry.getKey().equals(vm))
                .map(Map.Entry::getValue)
                .filter(placement -> placement.phase() != Phase.FAILED)
                .filter(placement -> placement
                        .active()
                        .filter(leg -> leg.host().equals(host.key()))
                        .isPresent())
                .mapToLong(placement -> placement.spec().memoryBytes())
                .sum();
    }
}
