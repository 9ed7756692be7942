package io.viommufleet.controller.cell;

import io.viommufleet.common.feasibility.InventoryDrift;
import io.viommufleet.common.model.Bdf;
import io.viommufleet.common.model.HostDrift;
import io.viommufleet.common.model.HostDrift.Change;
import io.viommufleet.common.model.HostDrift.Stranded;
import io.viommufleet.common.model.HostInventory;
import io.viommufleet.common.model.HostState;
import io.viommufleet.common.model.Phase;
import io.viommufleet.common.model.Placement;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Compares the admitted boot of each host with the one before. The baseline follows what changes while the host runs, for
 * that is no drift: it is what the next boot is compared with.
 */
final class DriftPlanner {
    private final Draft draft;
    private final Capacity capacity;

    DriftPlanner(Draft draft, Capacity capacity) {
        this.draft = draft;
        this.capacity = capacity;
    }

    void plan(String host) {
        Optional.ofNullable(draft.state().inventories().get(host))
                .ifPresent(reported -> draft.hostState(host)
                        .filter(known -> isOfAdmitted(known, reported))
                        .ifPresent(known -> plan(known, reported)));
    }

    private static boolean isOfAdmitted(HostState known, Reported<HostInventory> reported) {
        return known.admitted()
                .filter(life -> life.incarnation().equals(reported.by().incarnation()))
                .isPresent();
    }

    private void plan(HostState known, Reported<HostInventory> reported) {
        HostState.Baseline latest =
                new HostState.Baseline(reported.by().boot(), draft.state().capabilities(reported.value()));
        if (known.baseline().equals(Optional.of(latest))) {
            return;
        }
        Optional<HostState.Baseline> earlierBoot =
                known.baseline().filter(before -> !before.boot().equals(latest.boot()));
        boolean sameBoot = known.baseline().isPresent() && earlierBoot.isEmpty();
        Optional<HostDrift> drift =
                sameBoot ? known.drift() : earlierBoot.flatMap(before -> drift(before, latest, reported.value()));
        draft.put(known.comparedWith(latest, drift));
    }

    private Optional<HostDrift> drift(HostState.Baseline before, HostState.Baseline after, HostInventory inventory) {
        List<Change> changes = InventoryDrift.between(before.capabilities(), after.capabilities());
        return changes.isEmpty()
                ? Optional.empty()
                : Optional.of(new HostDrift(before.boot(), after.boot(), changes, stranded(inventory)));
    }

    /** Of the VMs that are on the host, in order of name, the devices that it could not attach again. */
    private List<Stranded> stranded(HostInventory inventory) {
        List<Stranded> stranded = new ArrayList<>();
        String host = inventory.metadata().name();
        List<Placement> placements = draft.state().vmsOn(host).stream()
                .flatMap(vm -> draft.placement(vm).stream())
                .toList();
        for (Placement placement : placements) {
            boolean ran = placement.phase() == Phase.RUNNING || placement.phase() == Phase.PLACING;
            placement
                    .active()
                    .filter(leg -> ran && leg.host().equals(host))
                    .ifPresent(leg -> stranded.addAll(stranded(placement, leg.devices(), inventory)));
        }
        return stranded;
    }

    private List<Stranded> stranded(Placement placement, Map<String, Bdf> devices, HostInventory inventory) {
        List<Stranded> stranded = new ArrayList<>();
        for (String device : placement.deviceOrder()) {
            Bdf bdf = devices.get(device);
            if (bdf != null) {
                capacity.whyNot(placement, device, inventory, bdf)
                        .ifPresent(reason -> stranded.add(new Stranded(placement.key(), device, bdf, reason)));
            }
        }
        return stranded;
    }
}
