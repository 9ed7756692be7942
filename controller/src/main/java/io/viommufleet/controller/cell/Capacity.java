package io.viommufleet.controller.cell;

import io.viommufleet.common.model.Attachment;
import io.viommufleet.common.model.Bdf;
import io.viommufleet.common.model.HostInventory;
import io.viommufleet.common.model.HostState;
import io.viommufleet.common.model.Placement;
import io.viommufleet.controller.placement.Candidate;
import io.viommufleet.controller.placement.HostIndex;
import io.viommufleet.controller.placement.HostStanding;
import io.viommufleet.controller.placement.HostVerdict;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;

/**
 * What the hosts of the cell have left. Follows the state record by record; what a step claims is in it until {@link #settle}.
 *
 * <p>A VM holds what its legs name, from the step that places it on, and every device whose attachment is not free again: the
 * detach confirmed and the reset succeeded, or the boot fenced.
 */
final class Capacity {
    private final CellState state;
    private final HostIndex hosts;
    private final Decisions decisions;
    private final Liveness liveness;
    private final Tenants tenants = new Tenants();
    private final Map<String, Set<Held>> heldByVm = new HashMap<>();
    private final Set<String> pretended = new TreeSet<>();
    private final Set<String> pretendedHosts = new TreeSet<>();

    private record Held(String host, Bdf device) {}

    Capacity(CellState state, HostIndex hosts, Decisions decisions, Liveness liveness) {
        this.state = state;
        this.hosts = hosts;
        this.decisions = decisions;
        this.liveness = liveness;
    }

    /** Anything of a host may have changed. */
    void refreshHost(String host) {
        put(host, Optional.ofNullable(state.hostStates().get(host)).map(Owned::value));
    }

    private void put(String host, Optional<HostState> known) {
        Reported<HostInventory> reported = state.inventories().get(host);
        if (reported != null) {
            boolean admitted = known.flatMap(HostState::admitted)
                    .filter(life -> life.incarnation().equals(reported.by().incarnation()))
                    .isPresent();
            hosts.put(new HostStanding(
                    reported.value(),
                    admitted,
                    liveness.of(host) == Liveness.Judgement.LIVE,
                    known.map(HostState::cordoned).orElse(false),
                    known.flatMap(HostState::quarantine),
                    new HashSet<>(known.map(HostState::quarantinedGroups).orElse(List.of())),
                    known.flatMap(HostState::lost)));
        }
    }

    /** Anything of a VM or its attachments may have changed; whether it holds less than before. */
    boolean refreshVm(String vm) {
        Optional<Placement> placement =
                Optional.ofNullable(state.placements().get(vm)).map(Owned::value);
        return hold(vm, placement);
    }

    private boolean hold(String vm, Optional<Placement> placement) {
        List<Placement.Leg> legs =
                placement.filter(Capacity::holdsItsLegs).map(Capacity::legs).orElse(List.of());
        Set<String> before = Set.copyOf(hosts.hostsOf(vm));
        before.stream()
                .filter(host -> legs.stream().noneMatch(leg -> leg.host().equals(host)))
                .forEach(host -> hosts.release(vm, host));
        legs.forEach(leg -> hosts.claim(
                vm,
                leg,
                placement.orElseThrow().spec().memoryBytes(),
                placement.orElseThrow().metadata().labels()));
        boolean gaveDevices = holdDevices(vm);
        tenants.put(vm, legs.isEmpty() ? Optional.empty() : placement);
        return gaveDevices || before.size() > hosts.hostsOf(vm).size();
    }

    private boolean holdDevices(String vm) {
        Set<Held> before = heldByVm.getOrDefault(vm, Set.of());
        Set<Held> now = new HashSet<>();
        Draft committed = new Draft(state);
        committed.attachmentsOf(vm).stream()
                .filter(command -> !Releases.isFree(command, committed))
                .map(Owned::value)
                .map(Capacity::held)
                .forEach(now::add);
        before.stream()
                .filter(held -> !now.contains(held))
                .forEach(held -> hosts.letGo(held.host(), held.device(), vm));
        now.stream().filter(held -> !before.contains(held)).forEach(held -> hosts.hold(held.host(), held.device(), vm));
        if (now.isEmpty()) {
            heldByVm.remove(vm);
        } else {
            heldByVm.put(vm, now);
        }
        return !now.containsAll(before);
    }

    private static Held held(Attachment attachment) {
        return new Held(attachment.id().host(), attachment.bdf());
    }

    private static boolean holdsItsLegs(Placement placement) {
        return switch (placement.phase()) {
            case PLACING, RUNNING -> true;
            case PENDING, DELETING, FAILED, REFUSED, INFEASIBLE -> false;
        };
    }

    private static List<Placement.Leg> legs(Placement placement) {
        return Stream.concat(placement.active().stream(), placement.target().stream())
                .toList();
    }

    /** Where a VM could go now, other than to some hosts. */
    Optional<Placement.Leg> place(Placement placement, Set<String> avoided) {
        return quotaRefusal(placement).isPresent() ? Optional.empty() : hosts.place(candidate(placement), avoided);
    }

    /** Where a placed VM could move: to none of its own hosts, and to {@code to} if that is given. */
    Optional<Placement.Leg> placeElsewhere(Placement placement, Optional<String> to) {
        Set<String> own = new HashSet<>();
        legs(placement).forEach(leg -> own.add(leg.host()));
        return hosts.place(candidate(placement, to), own);
    }

    /** What one host is to a VM; empty for a host that is not known. */
    Optional<HostVerdict> verdict(Placement placement, String host) {
        return hosts.verdict(candidate(placement, Optional.of(host)), host);
    }

    /** Why a VM waits. */
    String whyPending(Placement placement) {
        return quotaRefusal(placement).orElseGet(() -> hosts.whyPending(candidate(placement)));
    }

    private Optional<String> quotaRefusal(Placement placement) {
        return tenants.refusal(placement, state.policyStates().values());
    }

    /** Why a host could not attach one of its devices to a VM, whoever may have it now. */
    Optional<String> whyNot(Placement placement, String device, HostInventory inventory, Bdf bdf) {
        return hosts.whyNot(candidate(placement), device, inventory, bdf);
    }

    private Candidate candidate(Placement placement) {
        return candidate(placement, Optional.empty());
    }

    private Candidate candidate(Placement placement, Optional<String> only) {
        return new Candidate(
                placement.key(),
                only.map(host -> placement
                                .spec()
                                .placedBy(placement.spec().placement().withHosts(List.of(host, host))))
                        .orElse(placement.spec()),
                decisions.of(placement),
                placement.resolvedValues());
    }

    /** Takes what a placement of this step uses, so that the next one does not. */
    void pretend(Placement placement) {
        pretended.add(placement.key());
        hold(placement.key(), Optional.of(placement));
    }

    /** Takes hosts as this step will leave them, so that no VM is placed on what it has just withdrawn. */
    void pretendHosts(Draft draft) {
        draft.changedHosts().forEach(host -> {
            pretendedHosts.add(host);
            put(host, draft.hostState(host));
        });
    }

    /** Forgets what this step claimed and withdrew: it counts once it is committed. */
    void settle() {
        pretended.forEach(this::refreshVm);
        pretended.clear();
        pretendedHosts.forEach(this::refreshHost);
        pretendedHosts.clear();
    }

    /** How much the VMs of each tenant have. */
    Tenants tenants() {
        return tenants;
    }

    /** Whether nothing of a VM is attached any more, but for what is in quarantine. */
    static boolean isReleased(Placement placement, Draft draft) {
        return draft.attachmentsOf(placement.key()).stream().allMatch(command -> Releases.isOver(command, draft));
    }
}
