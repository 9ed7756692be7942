package io.viommufleet.controller.cell;

import io.viommufleet.common.model.Attachment;
import io.viommufleet.common.model.Envelope;
import io.viommufleet.common.model.FleetRecord;
import io.viommufleet.common.model.Heartbeat;
import io.viommufleet.common.model.HostInventory;
import io.viommufleet.common.model.HostState;
import io.viommufleet.common.model.Leader;
import io.viommufleet.common.model.Origin;
import io.viommufleet.common.model.Outcome;
import io.viommufleet.common.model.Placement;
import io.viommufleet.common.model.Rejected;
import io.viommufleet.controller.placement.DeviceFeasibility;
import io.viommufleet.controller.placement.HostIndex;
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
    private final Agenda agenda = new Agenda();
    private final CellState state = new CellState(agenda);
    private final Contacts contacts;
    private final Liveness liveness;
    private final Decisions decisions = new Decisions();
    private final Capacity capacity;
    private final Retries retries = new Retries();
    private final Map<String, Rejected> toReject = new LinkedHashMap<>();
    private final Set<String> drifted = new HashSet<>();

    /**
     * A cell that has read nothing yet.
     *
     * @param nowNanos of the leader's monotonic clock, from which every timer starts
     */
    public Cell(CellSettings settings, DeviceFeasibility feasibility, long nowNanos) {
        this.settings = settings;
        contacts = new Contacts(nowNanos);
        liveness = new Liveness(state, contacts, settings);
        capacity = new Capacity(state, new HostIndex(feasibility), decisions, liveness);
    }

    /**
     * A turn of the leader's loop is over. Silence of agents counts only while this is called, and only while it says that the
     * reader was at the end of the log.
     *
     * @param nowNanos on the leader's monotonic clock
     */
    public void listened(boolean caughtUp, long nowNanos) {
        contacts.listened(caughtUp, nowNanos);
    }

    /**
     * Takes in one record, read from the log or just committed.
     *
     * @return why it was refused; empty where it was not
     */
    public Optional<String> replay(Envelope envelope) {
        if (envelope.origin() instanceof Origin.Agent agent) {
            contacts.heard(agent.incarnation(), isGoodbye(envelope.value()));
        }
        Optional<String> refused = state.replay(envelope);
        if (refused.isEmpty()) {
            follow(envelope.value());
        }
        return refused;
    }

    private static boolean isGoodbye(FleetRecord value) {
        return value instanceof Heartbeat heartbeat && heartbeat.goodbye();
    }

    /** What is derived from the state follows it, key by key. */
    private void follow(FleetRecord value) {
        if (value instanceof HostInventory inventory) {
            refreshHost(inventory.key());
        } else if (value instanceof HostState hostState) {
            refreshHost(hostState.key());
            state.vmsOn(hostState.key()).forEach(this::refreshVm);
        } else if (value instanceof Placement placement) {
            boolean holds = placement.decision().map(decisions::holds).orElse(true);
            boolean _ = holds ? drifted.remove(placement.key()) : drifted.add(placement.key());
            refreshVm(placement.key());
        } else if (value instanceof Attachment attachment) {
            refreshVm(attachment.id().vm());
        } else if (value instanceof Outcome outcome) {
            refreshVm(outcome.id().vm());
        } else if (value instanceof Heartbeat heartbeat) {
            follow(heartbeat);
        } else if (value instanceof Rejected rejected) {
            toReject.remove(rejected.key());
        }
    }

    /** A heartbeat changes nothing, but for the first after a silence and the last. */
    private void follow(Heartbeat heartbeat) {
        if (heartbeat.goodbye() || liveness.of(heartbeat.host()) != Liveness.Judgement.LIVE) {
            refreshHost(heartbeat.host());
            agenda.host(heartbeat.host());
        }
    }

    private void refreshHost(String host) {
        liveness.refresh(host);
        capacity.refreshHost(host);
    }

    private void refreshVm(String vm) {
        if (capacity.refreshVm(vm)) {
            agenda.room();
        }
    }

    /** Notes a record that cannot be used, so that the next step says so on the log, once. */
    public void reject(Rejected rejected) {
        if (!state.rejected().contains(rejected.key())) {
            toReject.put(rejected.key(), rejected);
        }
    }

    /**
     * What is missing from the log, in the order in which it is to be written. It is to be committed and replayed, or the cell to
     * be dropped: what was looked at here is not looked at again until something of it changes.
     *
     * @param nowNanos on the leader's monotonic clock
     */
    public List<Write> plan(long nowNanos) {
        Draft draft = new Draft(state);
        toReject.values().stream().limit(settings.maxMovesPerStep()).forEach(draft::put);
        planHosts(draft, nowNanos);
        PolicyPlanner policies = new PolicyPlanner(draft, capacity.tenants());
        agenda.takePolicies().forEach(policies::plan);
        planVms(draft, nowNanos);
        MovePlanner moves = new MovePlanner(draft, capacity, decisions, agenda);
        OperationPlanner operations = new OperationPlanner(draft, moves, contacts, liveness, settings.lossTimeout());
        agenda.takeOperations().forEach(operations::plan);
        AttachmentPlanner attachments = new AttachmentPlanner(draft, settings.lease());
        draft.changedVms().forEach(vm -> draft.placement(vm).ifPresent(attachments::plan));
        capacity.settle();
        return draft.writes();
    }

    private void planHosts(Draft draft, long nowNanos) {
        for (String host : liveness.sweep(nowNanos)) {
            capacity.refreshHost(host);
            agenda.host(host);
        }
        if (agenda.takeEveryHost()) {
            state.inventories().keySet().forEach(agenda::host);
        }
        new BreakerPlanner(draft, liveness, settings.breakerPercent()).plan();
        HostPlanner hosts = new HostPlanner(
                draft, contacts, liveness, settings.agentTimeout().toNanos());
        DriftPlanner drift = new DriftPlanner(draft, capacity);
        for (String host : agenda.takeHosts()) {
            hosts.plan(host);
            drift.plan(host);
        }
        capacity.pretendHosts(draft);
    }

    private void planVms(Draft draft, long nowNanos) {
        retries.ended(nowNanos).forEach(agenda::vm);
        agenda.wakeWaiting();
        RequestPlanner requests = new RequestPlanner(draft);
        VmPlanner vms = new VmPlanner(draft, capacity, retries, nowNanos);
        AttachmentPlanner attachments = new AttachmentPlanner(draft, settings.lease());
        for (String vm : agenda.takeVms(() -> draft.changes() < settings.maxMovesPerStep())) {
            Optional.ofNullable(state.requests().get(vm)).ifPresent(requests::plan);
            draft.placement(vm).ifPresent(vms::plan);
            draft.placement(vm).ifPresent(attachments::plan);
        }
    }

    /** The last leader that the log knows. */
    public Optional<Leader> leader() {
        return state.leader();
    }

    /** A summary for metrics and health. */
    public CellSummary summary() {
        return CellSummary.of(state, liveness, drifted.size());
    }
}
