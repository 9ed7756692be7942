package io.viommufleet.controller.cell;

import io.viommufleet.common.feasibility.HostCapabilities;
import io.viommufleet.common.model.Attachment;
import io.viommufleet.common.model.AttachmentId;
import io.viommufleet.common.model.Breaker;
import io.viommufleet.common.model.DecisionRecord;
import io.viommufleet.common.model.Envelope;
import io.viommufleet.common.model.FleetRecord;
import io.viommufleet.common.model.Heartbeat;
import io.viommufleet.common.model.HostAdmission;
import io.viommufleet.common.model.HostInventory;
import io.viommufleet.common.model.HostState;
import io.viommufleet.common.model.Leader;
import io.viommufleet.common.model.Operation;
import io.viommufleet.common.model.OperationProgress;
import io.viommufleet.common.model.Origin;
import io.viommufleet.common.model.Outcome;
import io.viommufleet.common.model.Placement;
import io.viommufleet.common.model.Policy;
import io.viommufleet.common.model.PolicyState;
import io.viommufleet.common.model.Rejected;
import io.viommufleet.common.model.TracePiece;
import io.viommufleet.common.model.VirtualMachine;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;

/**
 * The fold of a cell's records: the latest whole value of every key. It changes by {@link #replay} only, which also says in
 * the agenda what has to be looked at because of it.
 *
 * <p>Per key that the controller writes, an epoch lower than the highest seen is a zombie's and changes nothing.
 */
final class CellState {
    private final Agenda agenda;
    private final Map<String, Asked> requests = new HashMap<>();
    private final Map<String, Reported<HostInventory>> inventories = new HashMap<>();
    private final Map<AttachmentId, Reported<Outcome>> outcomes = new HashMap<>();
    private final Map<String, Owned<Placement>> placements = new HashMap<>();
    private final Map<AttachmentId, Owned<Attachment>> attachments = new HashMap<>();
    private final Map<String, Owned<HostState>> hostStates = new HashMap<>();
    private final Map<String, Owned<HostAdmission>> admissions = new HashMap<>();
    private final Map<String, Operation> operations = new HashMap<>();
    private final Map<String, Owned<OperationProgress>> progress = new HashMap<>();
    private final Map<String, Policy> policies = new HashMap<>();
    private final Map<String, Owned<PolicyState>> policyStates = new HashMap<>();
    private final Map<String, Owned<Breaker>> breakers = new HashMap<>();
    private final Map<String, Map<String, String>> capabilities = new HashMap<>();
    private final Map<String, SortedSet<AttachmentId>> attachmentsByVm = new HashMap<>();
    private final Map<String, SortedSet<String>> vmsByHost = new HashMap<>();
    private final Set<String> rejected = new HashSet<>();
    private Optional<Leader> leader = Optional.empty();

    /** An empty state that notes what changes in {@code agenda}. */
    CellState(Agenda agenda) {
        this.agenda = agenda;
    }

    /**
     * Takes one record in.
     *
     * @return why the record was refused; empty where it became part of the state, or was there already
     */
    Optional<String> replay(Envelope envelope) {
        return switch (envelope.value()) {
            case VirtualMachine vm ->
                accept(() -> {
                    requests.put(vm.key(), Asked.of(vm));
                    agenda.vm(vm.key());
                });
            case Operation operation ->
                accept(() -> {
                    operations.put(operation.key(), operation);
                    agenda.operation(operation.key());
                });
            case Policy policy ->
                accept(() -> {
                    policies.put(policy.key(), policy);
                    agenda.policy(policy.key());
                });
            case HostInventory inventory -> report(envelope, by -> take(inventory.key(), by), inventory);
            case Outcome outcome -> report(envelope, by -> take(outcome.id(), by), outcome);
            case Placement placement -> own(placements, placement.key(), placement, envelope, () -> index(placement));
            case Attachment attachment ->
                own(attachments, attachment.id(), attachment, envelope, () -> index(attachment.id()));
            case HostState hostState ->
                own(hostStates, hostState.key(), hostState, envelope, () -> changed(hostState.key()));
            case HostAdmission admission ->
                own(admissions, admission.key(), admission, envelope, () -> agenda.host(admission.key()));
            case OperationProgress moved -> own(progress, moved.key(), moved, envelope, () -> agenda.progress(moved));
            case PolicyState policy ->
                own(policyStates, policy.name(), policy, envelope, () -> agenda.policyChanged(policy.name()));
            case Breaker breaker -> own(breakers, breaker.key(), breaker, envelope, agenda::allHosts);
            case Leader newLeader -> lead(newLeader);
            case Rejected refusal -> accept(() -> rejected.add(refusal.key()));
            case DecisionRecord _, Heartbeat _, TracePiece _ -> Optional.empty();
        };
    }

    private void take(String host, Reported<HostInventory> inventory) {
        inventories.put(host, inventory);
        capabilities.remove(host);
        changed(host);
    }

    private void take(AttachmentId id, Reported<Outcome> outcome) {
        outcomes.put(id, outcome);
        agenda.vm(id.vm());
        if (outcome.value().failure().isPresent()) {
            agenda.host(id.host());
        }
    }

    private void changed(String host) {
        agenda.host(host);
        vmsOn(host).forEach(agenda::vm);
    }

    private void index(Placement placement) {
        placement.active().ifPresent(leg -> remember(leg.host(), placement.key()));
        placement.target().ifPresent(leg -> remember(leg.host(), placement.key()));
        agenda.placement(placement);
    }

    private void index(AttachmentId id) {
        attachmentsByVm.computeIfAbsent(id.vm(), vm -> new TreeSet<>()).add(id);
        remember(id.host(), id.vm());
        agenda.vm(id.vm());
    }

    private void remember(String host, String vm) {
        vmsByHost.computeIfAbsent(host, name -> new TreeSet<>()).add(vm);
    }

    private static Optional<String> accept(Runnable change) {
        change.run();
        return Optional.empty();
    }

    private interface Put<T> {
        void put(Reported<T> reported);
    }

    private static <T> Optional<String> report(Envelope envelope, Put<T> put, T value) {
        if (!(envelope.origin() instanceof Origin.Agent by)) {
            return Optional.of("only an agent reports this");
        }
        put.put(new Reported<>(value, by));
        return Optional.empty();
    }

    private static <K, T extends FleetRecord> Optional<String> own(
            Map<K, Owned<T>> records, K key, T value, Envelope envelope, Runnable then) {
        if (!(envelope.origin() instanceof Origin.Controller by)) {
            return Optional.of("only the leader of the cell writes this");
        }
        Owned<T> known = records.get(key);
        if (known != null && by.epoch() < known.epoch()) {
            return Optional.of(
                    "epoch %d is older than epoch %d, which wrote this key since".formatted(by.epoch(), known.epoch()));
        }
        records.put(key, new Owned<>(value, envelope.generation(), by.epoch()));
        then.run();
        return Optional.empty();
    }

    private Optional<String> lead(Leader newLeader) {
        if (leader.filter(known -> newLeader.epoch() < known.epoch()).isPresent()) {
            return Optional.of("epoch %d is over".formatted(newLeader.epoch()));
        }
        leader = Optional.of(newLeader);
        return Optional.empty();
    }

    Map<String, Asked> requests() {
        return requests;
    }

    Map<String, Reported<HostInventory>> inventories() {
        return inventories;
    }

    /** What a host can do, derived once for each inventory that it reports. */
    Map<String, String> capabilities(HostInventory inventory) {
        return capabilities.computeIfAbsent(inventory.key(), host -> HostCapabilities.of(inventory));
    }

    Map<AttachmentId, Reported<Outcome>> outcomes() {
        return outcomes;
    }

    Map<String, Owned<Placement>> placements() {
        return placements;
    }

    Map<AttachmentId, Owned<Attachment>> attachments() {
        return attachments;
    }

    /** Every attachment that a VM ever had, in order. */
    SortedSet<AttachmentId> attachmentsOf(String vm) {
        return attachmentsByVm.getOrDefault(vm, new TreeSet<>());
    }

    /** Every VM that ever had a leg or an attachment on a host, in order of name. */
    SortedSet<String> vmsOn(String host) {
        return vmsByHost.getOrDefault(host, new TreeSet<>());
    }

    Map<String, Owned<HostState>> hostStates() {
        return hostStates;
    }

    Map<String, Owned<HostAdmission>> admissions() {
        return admissions;
    }

    Map<String, Operation> operations() {
        return operations;
    }

    Map<String, Owned<OperationProgress>> progress() {
        return progress;
    }

    Map<String, Policy> policies() {
        return policies;
    }

    Map<String, Owned<PolicyState>> policyStates() {
        return policyStates;
    }

    /** The breaker under its one key; none where it never opened. */
    Optional<Owned<Breaker>> breaker() {
        return Optional.ofNullable(breakers.get(Breaker.KEY));
    }

    Set<String> rejected() {
        return rejected;
    }

    Optional<Leader> leader() {
        return leader;
    }
}
