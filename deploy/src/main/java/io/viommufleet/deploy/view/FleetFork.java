package io.viommufleet.deploy.view;

import io.viommufleet.common.model.Attachment;
import io.viommufleet.common.model.AttachmentId;
import io.viommufleet.common.model.DeviceState;
import io.viommufleet.common.model.HostInventory;
import io.viommufleet.common.model.HostState;
import io.viommufleet.common.model.Outcome;
import io.viommufleet.common.model.Placement;
import io.viommufleet.common.model.PlacementRules;
import io.viommufleet.common.model.VmSpec;
import io.viommufleet.common.viommu.Decision;
import io.viommufleet.common.viommu.RulesVersion;
import io.viommufleet.controller.lifecycle.LiveMigration;
import io.viommufleet.controller.placement.Candidate;
import io.viommufleet.controller.placement.HostFeasibility;
import io.viommufleet.controller.placement.HostIndex;
import io.viommufleet.controller.placement.HostStanding;
import io.viommufleet.controller.placement.HostVerdict;
import io.viommufleet.deploy.view.FleetState.CellKey;
import io.viommufleet.deploy.view.FleetState.Commanded;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/**
 * One cell as the log tells it, in the controller's own index of hosts: a copy to ask and to try things on. Whether an agent is
 * silent is not on the log, so that every admitted one counts as alive.
 */
final class FleetFork {
    private final FleetState state;
    private final int cell;
    private final HostIndex hosts = new HostIndex(new HostFeasibility());

    FleetFork(FleetState state, int cell) {
        this.state = state;
        this.cell = cell;
        state.inventories().forEach((key, inventory) -> {
            if (key.cell() == cell) {
                hosts.put(standing(key, inventory));
            }
        });
        placements().forEach(this::claim);
        state.attachments().forEach((id, command) -> {
            if (id.cell() == cell && !isFree(id, command)) {
                hosts.hold(id.key().host(), command.attachment().bdf(), id.key().vm());
            }
        });
    }

    private HostStanding standing(CellKey<String> key, HostInventory inventory) {
        Optional<HostState> held = state.hostState(key);
        return new HostStanding(
                inventory,
                state.admitted(key),
                true,
                held.map(HostState::cordoned).orElse(false),
                held.flatMap(HostState::quarantine),
                new HashSet<>(held.map(HostState::quarantinedGroups).orElse(List.of())),
                held.flatMap(HostState::lost));
    }

    /** A device is free once its detach is confirmed, or the boot that it was attached in is over. */
    private boolean isFree(CellKey<AttachmentId> id, Commanded command) {
        Attachment attachment = command.attachment();
        boolean detached = attachment.desired() == Attachment.Desired.DETACHED
                && state.outcome(id)
                        .filter(outcome -> outcome.attachmentGeneration() == command.generation())
                        .map(Outcome::state)
                        .filter(DeviceState.DETACHED::equals)
                        .isPresent();
        return detached
                || state.hostState(new CellKey<>(cell, id.key().host()))
                        .filter(host -> host.fencedBoots().contains(attachment.boot()))
                        .isPresent();
    }

    /** The VMs of the cell, by name. */
    List<Placement> placements() {
        return state.placements().entrySet().stream()
                .filter(entry -> entry.getKey().cell() == cell)
                .map(Map.Entry::getValue)
                .toList();
    }

    /** The VMs that are on a host or being placed there, by name. */
    List<Placement> on(String host) {
        return placements().stream()
                .filter(FleetFork::holdsItsLegs)
                .filter(placement -> placement
                        .active()
                        .filter(leg -> leg.host().equals(host))
                        .isPresent())
                .toList();
    }

    private static boolean holdsItsLegs(Placement placement) {
        return switch (placement.phase()) {
            case PLACING, RUNNING -> true;
            case PENDING, DELETING, FAILED, REFUSED, INFEASIBLE -> false;
        };
    }

    private void claim(Placement placement) {
        if (holdsItsLegs(placement)) {
            Stream.concat(placement.active().stream(), placement.target().stream())
                    .forEach(leg -> claim(placement, leg));
        }
    }

    /** A VM takes what a leg names. */
    void claim(Placement placement, Placement.Leg leg) {
        hosts.claim(
                placement.key(),
                leg,
                placement.spec().memoryBytes(),
                placement.metadata().labels());
    }

    /** Pretends that a host takes no new VMs. */
    void cordon(String host) {
        hosts.host(host)
                .ifPresent(now -> hosts.put(new HostStanding(
                        now.inventory(),
                        now.admitted(),
                        now.live(),
                        true,
                        now.quarantine(),
                        now.quarantinedGroups(),
                        now.lost())));
    }

    /** Pretends that a host is lost, with its boot over. */
    void lose(String host) {
        hosts.host(host)
                .ifPresent(now -> hosts.put(new HostStanding(
                        now.inventory(),
                        false,
                        false,
                        now.cordoned(),
                        now.quarantine(),
                        now.quarantinedGroups(),
                        Optional.of("lost"))));
        for (String vm : List.copyOf(hosts.vmsOn(host))) {
            hosts.release(vm, host);
        }
    }

    /** A VM as the controller asks about it; empty where nothing was decided for it. */
    static Optional<Candidate> candidate(Placement placement) {
        return placement
                .decision()
                .flatMap(admission ->
                        candidate(placement, admission.certificate().rulesVersion()));
    }

    /** A VM as it would be under other rules; empty where they refuse it. */
    static Optional<Candidate> candidate(Placement placement, RulesVersion rules) {
        return placement
                .decision()
                .map(admission -> admission.configuration().decide(rules))
                .flatMap(decision -> decision instanceof Decision.Decided decided
                        ? Optional.of(
                                new Candidate(placement.key(), placement.spec(), decided, placement.resolvedValues()))
                        : Optional.empty());
    }

    /** The same VM, asking only for that host. One named twice is no pin, so that feasibility is asked of it too. */
    static Candidate only(Candidate vm, String host) {
        return withHosts(vm, List.of(host, host));
    }

    /** The same VM, with a pin taken for a plain choice of one host. */
    static Candidate unpinned(Candidate vm) {
        PlacementRules rules = vm.spec().placement();
        return rules.pinned() ? only(vm, rules.hosts().getFirst()) : vm;
    }

    /** The same VM, naming no host. */
    static Candidate anywhere(Candidate vm) {
        return withHosts(vm, List.of());
    }

    private static Candidate withHosts(Candidate vm, List<String> names) {
        VmSpec spec = vm.spec();
        return new Candidate(
                vm.name(),
                new VmSpec(
                        spec.configuration(),
                        spec.memoryBytes(),
                        spec.matches(),
                        spec.placement().withHosts(names),
                        spec.onHostLoss(),
                        spec.strict(),
                        spec.rulesVersion(),
                        spec.deleted(),
                        spec.guest()),
                vm.decision(),
                vm.resolvedValues());
    }

    /** What every host is to a VM, by name. */
    List<HostVerdict> verdicts(Candidate vm) {
        return hosts.verdicts(vm);
    }

    /** Where a VM would go. */
    Optional<Placement.Leg> place(Candidate vm, Set<String> avoided) {
        return hosts.place(vm, avoided);
    }

    /** Why a VM would wait. */
    String whyPending(Candidate vm) {
        return hosts.whyPending(vm);
    }

    /** What one host is to a VM; empty for a host that is not known. */
    Optional<HostVerdict> verdict(Candidate vm, String host) {
        return hosts.verdict(vm, host);
    }

    /**
     * Why a VM could not move to a leg while its guest runs, with QEMU's reason; empty where nothing is in the way.
     */
    Optional<String> liveRefusal(Placement placement, Placement.Leg target) {
        return LiveMigration.refusal(
                placement,
                candidate(placement).orElseThrow().decision(),
                inventory(placement.active().orElseThrow().host()),
                inventory(target.host()),
                target);
    }

    private HostInventory inventory(String host) {
        return hosts.host(host).map(HostStanding::inventory).orElseThrow();
    }
}
