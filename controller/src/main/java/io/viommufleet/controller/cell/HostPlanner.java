package io.viommufleet.controller.cell;

import io.viommufleet.common.model.AttachmentId;
import io.viommufleet.common.model.Breaker;
import io.viommufleet.common.model.HostAdmission;
import io.viommufleet.common.model.HostInventory;
import io.viommufleet.common.model.HostState;
import io.viommufleet.common.model.Origin;
import io.viommufleet.common.model.Phase;
import io.viommufleet.common.model.Placement;
import io.viommufleet.common.model.VmSpec.OnHostLoss;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;

/**
 * Decides which life of each host's agent is admitted, when a host is given up, and what of it is in quarantine.
 *
 * <p>A newer life is no proof that the older one died: it may be a clone, or the old one may be slow. It waits until the old
 * one said goodbye or has been silent for the time-out. A boot that was given up is over for good: no agent of it is admitted
 * again, so that what it held can be given to others.
 */
final class HostPlanner {
    private static final int REMEMBERED = 16;

    private final Draft draft;
    private final Contacts contacts;
    private final Liveness liveness;
    private final long agentTimeoutNanos;

    HostPlanner(Draft draft, Contacts contacts, Liveness liveness, long agentTimeoutNanos) {
        this.draft = draft;
        this.contacts = contacts;
        this.liveness = liveness;
        this.agentTimeoutNanos = agentTimeoutNanos;
    }

    void plan(String host) {
        HostState known = draft.hostState(host).orElseGet(() -> HostState.unknown(host));
        Optional<Reported<HostInventory>> reported =
                Optional.ofNullable(draft.state().inventories().get(host));
        reported.map(Reported::by)
                .filter(agent -> mayBeAdmitted(known, agent))
                .ifPresent(agent -> draft.put(admit(known, agent)));
        giveUpIfLost(host);
        quarantine(host);
        draft.hostState(host).ifPresent(this::announce);
    }

    private boolean mayBeAdmitted(HostState known, Origin.Agent candidate) {
        if (known.fenced().contains(candidate.incarnation())
                || known.fencedBoots().contains(candidate.boot())) {
            return false;
        }
        Optional<String> current = known.admitted().map(HostState.Admitted::incarnation);
        if (current.isEmpty()) {
            return true;
        }
        return !current.get().equals(candidate.incarnation()) && isOver(current.get());
    }

    private boolean isOver(String incarnation) {
        return contacts.saidGoodbye(incarnation) || contacts.silentNanos(incarnation) >= agentTimeoutNanos;
    }

    private static HostState admit(HostState known, Origin.Agent agent) {
        return known.admitting(
                new HostState.Admitted(agent.boot(), agent.incarnation()),
                remembering(known.fenced(), known.admitted().map(HostState.Admitted::incarnation)));
    }

    /** The host is silent for good, somebody waits to be evacuated, and nothing speaks for a fault elsewhere. */
    private void giveUpIfLost(String host) {
        boolean gone = liveness.of(host) == Liveness.Judgement.GONE
                && draft.breaker().flatMap(Breaker::open).isEmpty();
        draft.hostState(host)
                .filter(known -> gone && known.admitted().isPresent() && hasVmToEvacuate(host))
                .ifPresent(known ->
                        draft.put(fence(known, "its agent was silent for longer than its lease and the margin")));
    }

    private boolean hasVmToEvacuate(String host) {
        return draft.state().vmsOn(host).stream()
                .flatMap(vm -> draft.placement(vm).stream())
                .anyMatch(placement -> placement.spec().onHostLoss() == OnHostLoss.EVACUATE
                        && (placement.phase() == Phase.RUNNING || placement.phase() == Phase.PLACING)
                        && isOn(placement, host));
    }

    private static boolean isOn(Placement placement, String host) {
        return placement.active().filter(leg -> leg.host().equals(host)).isPresent();
    }

    /** Declares the admitted boot of a host to be over. */
    static HostState fence(HostState known, String why) {
        return known.losing(
                why,
                remembering(known.fenced(), known.admitted().map(HostState.Admitted::incarnation)),
                remembering(known.fencedBoots(), known.admitted().map(HostState.Admitted::boot)));
    }

    private static List<String> remembering(List<String> known, Optional<String> another) {
        List<String> all = new ArrayList<>(known);
        another.filter(one -> !all.contains(one)).ifPresent(all::add);
        return all.subList(Math.max(0, all.size() - REMEMBERED), all.size());
    }

    /** A device that could not be detached or reset keeps its group from everybody. */
    private void quarantine(String host) {
        HostState known = draft.hostState(host).orElseGet(() -> HostState.unknown(host));
        TreeSet<Integer> groups = new TreeSet<>(known.quarantinedGroups());
        for (String vm : draft.state().vmsOn(host)) {
            for (AttachmentId id : draft.state().attachmentsOf(vm)) {
                draft.attachment(id)
                        .filter(command -> id.host().equals(host) && Releases.isQuarantined(command, draft))
                        .flatMap(command -> draft.group(host, command.value().bdf()))
                        .ifPresent(groups::add);
            }
        }
        if (groups.size() != known.quarantinedGroups().size()) {
            draft.put(known.quarantined(known.quarantine(), List.copyOf(groups), known.groupFailures()));
        }
    }

    /** Tells the agents of the host who is admitted; nobody, where its last boot is over. */
    private void announce(HostState known) {
        Optional<HostAdmission> wanted = known.admitted()
                .map(life -> new HostAdmission(known.host(), life.boot(), life.incarnation()))
                .or(() -> known.lost()
                        .map(why -> new HostAdmission(
                                known.host(), known.fencedBoots().getLast(), "")));
        Owned<HostAdmission> told = draft.state().admissions().get(known.host());
        wanted.filter(admission -> told == null || !told.value().equals(admission))
                .ifPresent(draft::put);
    }
}
