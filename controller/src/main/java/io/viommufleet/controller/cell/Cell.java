package io.viommufleet.controller.cell;

import io.viommufleet.common.model.Envelope;
import io.viommufleet.common.model.Heartbeat;
import io.viommufleet.common.model.Leader;
import io.viommufleet.common.model.Origin;
import io.viommufleet.common.model.Placement;
import io.viommufleet.common.model.Rejected;
import io.viommufleet.common.viommu.Decision;
import io.viommufleet.controller.placement.Placer;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * One cell under one leadership. Feed it with {@link #replay}, ask it with {@link #plan}; write what it asks for, and feed
 * that back once it is committed. One thread.
 */
public final class Cell {
    private final CellSettings settings;
    private final Placer placer;
    private final CellState state = new CellState();
    private final Contacts contacts;
    private final Map<String, Rejected> toReject = new LinkedHashMap<>();
    private final Set<String> drifted = new HashSet<>();

    /**
     * A cell that has read nothing yet.
     *
     * @param nowNanos of the leader's monotonic clock, from which every timer starts
     */
    public Cell(CellSettings settings, Placer placer, long nowNanos) {
        this.settings = settings;
        this.placer = placer;
        this.contacts = new Contacts(nowNanos);
    }

    /**
     * Takes in one record, read from the log or just committed.
     *
     * @param nowNanos when it was received, on the leader's monotonic clock
     * @return why it was refused; empty where it was not
     */
    public Optional<String> replay(Envelope envelope, long nowNanos) {
        if (envelope.origin() instanceof Origin.Agent agent) {
            boolean goodbye = envelope.value() instanceof Heartbeat heartbeat && heartbeat.goodbye();
            contacts.heard(agent.incarnation(), goodbye, nowNanos);
        }
        if (envelope.value() instanceof Placement placement) {
            boolean holds = certificateHolds(placement);
            boolean _ = holds ? drifted.remove(placement.key()) : drifted.add(placement.key());
        }
        if (envelope.value() instanceof Rejected rejected) {
            toReject.remove(rejected.key());
        }
        return state.replay(envelope);
    }

    /** Notes a record that cannot be used, so that the next step says so on the log, once. */
    public void reject(Rejected rejected) {
        if (!state.rejected().contains(rejected.key())) {
            toReject.put(rejected.key(), rejected);
        }
    }

    /** What is missing from the log, in the order in which it is to be written. Changes nothing. */
    public List<Write> plan(long nowNanos) {
        Draft draft = new Draft(state);
        long timeoutNanos = settings.agentTimeout().toNanos();
        toReject.values().stream().limit(settings.maxMovesPerStep()).forEach(draft::put);
        new HostPlanner(draft, contacts, timeoutNanos, nowNanos).plan();
        new DriftPlanner(draft, placer).plan();
        FleetCapacity capacity = new FleetCapacity(
                state, draft, placer, incarnation -> contacts.silentNanos(incarnation, nowNanos) < timeoutNanos);
        new VmPlanner(draft, capacity, settings.maxMovesPerStep()).plan();
        new AttachmentPlanner(draft, capacity, settings.lease()).plan();
        return draft.writes();
    }

    /** The last leader that the log knows. */
    public Optional<Leader> leader() {
        return state.leader();
    }

    /** A summary for metrics and health. */
    public CellSummary summary(long nowNanos) {
        return CellSummary.of(
                state,
                incarnation -> contacts.silentNanos(incarnation, nowNanos)
                        < settings.agentTimeout().toNanos(),
                drifted.size());
    }

    /** Derives the decision of a placement again; it must be the one that was made. */
    private static boolean certificateHolds(Placement placement) {
        if (placement.decision().isEmpty()) {
            return true;
        }
        Placement.Admission admission = placement.decision().get();
        Decision again =
                admission.configuration().decide(admission.certificate().rulesVersion());
        return again instanceof Decision.Decided decided
                && decided.certificate().equals(admission.certificate());
    }
}
