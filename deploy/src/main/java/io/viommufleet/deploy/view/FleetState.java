package io.viommufleet.deploy.view;

import io.viommufleet.common.kafka.LogRecord;
import io.viommufleet.common.model.Attachment;
import io.viommufleet.common.model.AttachmentId;
import io.viommufleet.common.model.Breaker;
import io.viommufleet.common.model.DecisionRecord;
import io.viommufleet.common.model.Envelope;
import io.viommufleet.common.model.FleetTopic;
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
import io.viommufleet.common.wire.Decoded;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * The latest value of every key, and a count of all decisions. Names are unique within a cell, so keys carry it. It changes by
 * {@link #replay} only. One thread.
 */
public final class FleetState {
    private final Map<CellKey<String>, VirtualMachine> requests = new TreeMap<>();
    private final Map<CellKey<String>, Placement> placements = new TreeMap<>();
    private final Map<CellKey<String>, HostInventory> inventories = new TreeMap<>();
    private final Map<CellKey<String>, Origin.Agent> reporters = new HashMap<>();
    private final Map<CellKey<String>, HostState> hostStates = new TreeMap<>();
    private final Map<CellKey<AttachmentId>, Commanded> attachments = new TreeMap<>();
    private final Map<CellKey<AttachmentId>, Outcome> outcomes = new TreeMap<>();
    private final Map<CellKey<String>, Operation> operations = new TreeMap<>();
    private final Map<CellKey<String>, OperationProgress> progress = new TreeMap<>();
    private final Map<CellKey<String>, Policy> policyRequests = new TreeMap<>();
    private final Map<CellKey<String>, PolicyState> policies = new TreeMap<>();
    private final Map<Integer, Breaker> breakers = new TreeMap<>();
    private final Map<Integer, Leader> leaders = new TreeMap<>();
    private final Map<String, Rejected> rejected = new TreeMap<>();
    private final Map<String, Long> epochs = new HashMap<>();
    private long decisions;
    private long drifted;

    /** A key in its cell. */
    public record CellKey<K extends Comparable<K>>(int cell, K key) implements Comparable<CellKey<K>> {
        @Override
        public int compareTo(CellKey<K> other) {
            int byKey = key.compareTo(other.key);
            return byKey != 0 ? byKey : Integer.compare(cell, other.cell);
        }
    }

    /** A command with its generation. */
    public record Commanded(Attachment attachment, long generation) {}

    /** Takes one record in; what cannot be read changes nothing here, its owner writes it to the rejected topic. */
    public void replay(LogRecord record) {
        switch (record.decoded()) {
            case Decoded.Ok(Envelope envelope) -> replay(record.topic(), envelope);
            case Decoded.Tombstone(String key) -> forget(record, key);
            case Decoded.Unreadable _ -> {}
        }
    }

    private void replay(FleetTopic topic, Envelope envelope) {
        int cell = envelope.cell();
        if (overtaken(topic, envelope)) {
            return;
        }
        switch (envelope.value()) {
            case VirtualMachine vm -> requests.put(new CellKey<>(cell, vm.key()), vm);
            case Placement placement -> placements.put(new CellKey<>(cell, placement.key()), placement);
            case HostInventory inventory -> {
                inventories.put(new CellKey<>(cell, inventory.key()), inventory);
                if (envelope.origin() instanceof Origin.Agent by) {
                    reporters.put(new CellKey<>(cell, inventory.key()), by);
                }
            }
            case HostState host -> hostStates.put(new CellKey<>(cell, host.key()), host);
            case Attachment attachment ->
                attachments.put(new CellKey<>(cell, attachment.id()), new Commanded(attachment, envelope.generation()));
            case Outcome outcome -> outcomes.put(new CellKey<>(cell, outcome.id()), outcome);
            case Leader leader -> leaders.put(leader.cell(), leader);
            case Rejected refusal -> rejected.put(refusal.key(), refusal);
            case DecisionRecord decision -> count(decision);
            case Operation operation -> operations.put(new CellKey<>(cell, operation.key()), operation);
            case OperationProgress moved -> progress.put(new CellKey<>(cell, moved.key()), moved);
            case PolicyState policy -> policies.put(new CellKey<>(cell, policy.name()), policy);
            case Breaker breaker -> breakers.put(cell, breaker);
            case Policy policy -> policyRequests.put(new CellKey<>(cell, policy.key()), policy);
            case Heartbeat _, HostAdmission _, TracePiece _ -> {}
        }
    }

    /** The epoch rule: per key, what an older leader wrote after a newer one is nothing. */
    private boolean overtaken(FleetTopic topic, Envelope envelope) {
        if (!(envelope.origin() instanceof Origin.Controller by)) {
            return false;
        }
        String key = topic + "/" + envelope.cell() + "/" + envelope.value().key();
        return epochs.merge(key, by.epoch(), Math::max) > by.epoch();
    }

    private void forget(LogRecord record, String key) {
        int cell = record.partition();
        switch (record.topic()) {
            case PLACEMENTS -> placements.remove(new CellKey<>(cell, key));
            case HOSTS -> inventories.remove(new CellKey<>(cell, key));
            case HOST_STATE -> hostStates.remove(new CellKey<>(cell, key));
            case ATTACHMENTS ->
                attachments.keySet().removeIf(id -> id.key().toString().equals(key));
            case OUTCOMES ->
                outcomes.keySet().removeIf(id -> id.key().toString().equals(key));
            case VMS,
                    OPERATIONS,
                    POLICIES,
                    HEARTBEATS,
                    TRACES,
                    AGENT_REJECTED,
                    PROGRESS,
                    LEADERS,
                    DECISIONS,
                    REJECTED -> {}
        }
    }

    private void count(DecisionRecord decision) {
        decisions++;
        if (Drift.in(decision)) {
            drifted++;
        }
    }

    /** What users asked for, deleted ones included. */
    public Map<CellKey<String>, VirtualMachine> requests() {
        return requests;
    }

    /** What operators asked for. */
    public Map<CellKey<String>, Operation> operations() {
        return operations;
    }

    /** Where every operation stands that a controller has answered. */
    public Map<CellKey<String>, OperationProgress> progress() {
        return progress;
    }

    /** What operators asked for as policies, deleted ones included. */
    public Map<CellKey<String>, Policy> policyRequests() {
        return policyRequests;
    }

    /** Policies by name, with what became of them. */
    public Map<CellKey<String>, PolicyState> policies() {
        return policies;
    }

    /** The breaker of every cell that has opened it once. */
    public Map<Integer, Breaker> breakers() {
        return breakers;
    }

    /** The truth about every VM. */
    public Map<CellKey<String>, Placement> placements() {
        return placements;
    }

    /** What every host has. */
    public Map<CellKey<String>, HostInventory> inventories() {
        return inventories;
    }

    /** What the controller holds of a host. */
    public Optional<HostState> hostState(CellKey<String> host) {
        return Optional.ofNullable(hostStates.get(host));
    }

    /** Whether the agent that reported the host's inventory is the admitted one. */
    public boolean admitted(CellKey<String> host) {
        Origin.Agent by = reporters.get(host);
        return by != null
                && hostState(host)
                        .flatMap(HostState::admitted)
                        .filter(life -> life.incarnation().equals(by.incarnation()))
                        .isPresent();
    }

    /** Every command. */
    public Map<CellKey<AttachmentId>, Commanded> attachments() {
        return attachments;
    }

    /** What became of a command. */
    public Optional<Outcome> outcome(CellKey<AttachmentId> id) {
        return Optional.ofNullable(outcomes.get(id));
    }

    /** Who leads each cell. */
    public List<Leader> leaders() {
        return List.copyOf(leaders.values());
    }

    /** What could not be read or was refused. */
    public List<Rejected> rejected() {
        return List.copyOf(rejected.values());
    }

    /** How many decisions were ever made. */
    public long decisions() {
        return decisions;
    }

    /** How many of them do not follow from their configuration; must be 0. */
    public long drifted() {
        return drifted;
    }
}
