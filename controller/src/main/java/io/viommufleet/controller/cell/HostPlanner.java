package io.viommufleet.controller.cell;

import io.viommufleet.common.model.HostAdmission;
import io.viommufleet.common.model.HostInventory;
import io.viommufleet.common.model.HostState;
import io.viommufleet.common.model.Origin;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Decides which life of each host's agent is admitted.
 *
 * <p>A newer one is no proof that the older one died: it may be a clone, or the old one may be slow. It waits until the old
 * one said goodbye or has been silent for the time-out.
 */
final class HostPlanner {
    private static final int FENCED_REMEMBERED = 16;

    private final Draft draft;
    private final Contacts contacts;
    private final long agentTimeoutNanos;
    private final long nowNanos;

    HostPlanner(Draft draft, Contacts contacts, long agentTimeoutNanos, long nowNanos) {
        this.draft = draft;
        this.contacts = contacts;
        this.agentTimeoutNanos = agentTimeoutNanos;
        this.nowNanos = nowNanos;
    }

    void plan() {
        draft.state().inventories().values().forEach(this::plan);
    }

    private void plan(Reported<HostInventory> reported) {
        String host = reported.value().metadata().name();
        HostState known = draft.hostState(host).orElseGet(() -> HostState.unknown(host));
        if (mayBeAdmitted(known, reported.by())) {
            draft.put(admit(known, reported.by()));
        }
        draft.hostState(host).flatMap(HostState::admitted).ifPresent(admitted -> announce(host, admitted));
    }

    private boolean mayBeAdmitted(HostState known, Origin.Agent candidate) {
        if (known.fenced().contains(candidate.incarnation())) {
            return false;
        }
        Optional<String> current = known.admitted().map(HostState.Admitted::incarnation);
        if (current.isEmpty()) {
            return true;
        }
        return !current.get().equals(candidate.incarnation()) && isOver(current.get());
    }

    private boolean isOver(String incarnation) {
        return contacts.saidGoodbye(incarnation) || contacts.silentNanos(incarnation, nowNanos) >= agentTimeoutNanos;
    }

    private static HostState admit(HostState known, Origin.Agent agent) {
        List<String> fenced = new ArrayList<>(known.fenced());
        known.admitted().map(HostState.Admitted::incarnation).ifPresent(fenced::add);
        return known.admitting(
                new HostState.Admitted(agent.boot(), agent.incarnation()),
                fenced.subList(Math.max(0, fenced.size() - FENCED_REMEMBERED), fenced.size()));
    }

    private void announce(String host, HostState.Admitted admitted) {
        HostAdmission wanted = new HostAdmission(host, admitted.boot(), admitted.incarnation());
        Owned<HostAdmission> known = draft.state().admissions().get(host);
        if (known == null || !known.value().equals(wanted)) {
            draft.put(wanted);
        }
    }
}
