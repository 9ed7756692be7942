package io.viommufleet.deploy.view;

import io.viommufleet.common.model.Action.MigrationMode;
import io.viommufleet.common.model.Placement;
import io.viommufleet.common.model.VmSpec.OnHostLoss;
import io.viommufleet.controller.placement.Candidate;
import io.viommufleet.controller.placement.HostVerdict;
import io.viommufleet.deploy.view.FleetState.CellKey;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * What would become of VMs, tried on a copy of a cell with the controller's own placement. Nothing is written.
 *
 * @param question in words
 * @param fates of the VMs that it concerns, in the order in which they would be placed
 */
public record WhatIf(String question, List<Fate> fates) {
    public WhatIf {
        fates = List.copyOf(fates);
    }

    /**
     * What would become of one VM.
     *
     * @param from where it is
     * @param to where it would go; empty where it would be stranded
     * @param reason why it is stranded, or what else there is to say; may be empty
     */
    public record Fate(String vm, String from, Optional<String> to, String reason) {}

    /** How many VMs would move. */
    public long moved() {
        return fates.stream().filter(fate -> fate.to().isPresent()).count();
    }

    /** How many VMs would not. */
    public long stranded() {
        return fates.size() - moved();
    }

    /** A host is lost for good: where its VMs could be started again. */
    public static WhatIf lose(FleetState state, CellKey<String> host) {
        FleetFork fork = new FleetFork(state, host.cell());
        List<Placement> concerned = fork.on(host.key());
        fork.lose(host.key());
        List<Fate> fates = new ArrayList<>();
        for (Placement placement : concerned) {
            Fate fate = elsewhere(fork, placement, host.key(), Optional.empty()).fate();
            boolean waits = placement.spec().onHostLoss() == OnHostLoss.WAIT;
            fates.add(
                    waits && fate.to().isPresent()
                            ? new Fate(fate.vm(), fate.from(), fate.to(), "only if evacuated: its onHostLoss is wait")
                            : fate);
        }
        return new WhatIf("lose " + host.key(), fates);
    }

    /** A host is drained: where its VMs would go. */
    public static WhatIf drain(FleetState state, CellKey<String> host, MigrationMode mode) {
        FleetFork fork = new FleetFork(state, host.cell());
        fork.cordon(host.key());
        return new WhatIf(
                "drain " + host.key() + (mode == MigrationMode.COLD ? " cold" : " live"),
                fork.on(host.key()).stream()
                        .map(placement -> moved(fork, placement, host.key(), Optional.empty(), mode))
                        .toList());
    }

    /**
     * One VM moves.
     *
     * @param to the host; empty for the best one
     */
    public static WhatIf migrate(FleetState state, CellKey<String> vm, Optional<String> to, MigrationMode mode) {
        FleetFork fork = new FleetFork(state, vm.cell());
        List<Fate> fates = Optional.ofNullable(state.placements().get(vm)).stream()
                .map(placement -> placement
                        .active()
                        .map(leg -> moved(fork, placement, leg.host(), to, mode))
                        .orElseGet(() -> new Fate(
                                vm.key(),
                                "",
                                Optional.empty(),
                                "it is %s, on no host".formatted(Words.of(placement.phase())))))
                .toList();
        return new WhatIf(
                "migrate %s%s%s"
                        .formatted(
                                vm.key(),
                                to.map(" to "::concat).orElse(""),
                                mode == MigrationMode.COLD ? " cold" : " live"),
                fates);
    }

    /** Where a VM goes, with the devices there. */
    private record Found(Fate fate, Optional<Placement.Leg> leg) {}

    /** A live one may be blocked where a cold one is not. */
    private static Fate moved(
            FleetFork fork, Placement placement, String from, Optional<String> to, MigrationMode mode) {
        Found found = elsewhere(fork, placement, from, to);
        if (mode == MigrationMode.COLD || found.leg().isEmpty()) {
            return found.fate();
        }
        Placement.Leg leg = found.leg().get();
        return fork.liveRefusal(placement, leg)
                .map(why -> new Fate(
                        placement.key(),
                        from,
                        Optional.empty(),
                        "no live migration: %s; a cold one would take it to %s".formatted(why, leg.host())))
                .orElse(found.fate());
    }

    private static Found elsewhere(FleetFork fork, Placement placement, String from, Optional<String> to) {
        Optional<Candidate> vm = FleetFork.candidate(placement)
                .map(any -> to.map(host -> FleetFork.only(any, host)).orElse(any));
        Optional<Placement.Leg> leg = vm.flatMap(candidate -> fork.place(candidate, Set.of(from)));
        leg.ifPresent(taken -> fork.claim(placement, taken));
        Fate fate = leg.map(taken -> new Fate(placement.key(), from, Optional.of(taken.host()), ""))
                .orElseGet(() -> new Fate(placement.key(), from, Optional.empty(), why(fork, vm, from, to)));
        return new Found(fate, leg);
    }

    private static String why(FleetFork fork, Optional<Candidate> vm, String from, Optional<String> to) {
        if (vm.isEmpty()) {
            return "its configuration decides nothing";
        }
        if (to.equals(Optional.of(from))) {
            return "it is on %s already".formatted(from);
        }
        return to.flatMap(host -> fork.verdict(vm.get(), host))
                .map(HostVerdict::reason)
                .orElseGet(() -> "no other host takes it: " + fork.whyPending(vm.get()));
    }
}
