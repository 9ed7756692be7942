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
import java.util.TreeMap;

/**
 * The fold of a cell's records: the latest whole value of every key. It changes by {@link #replay} only.
 *
 * <p>Per key that the controller writes, an epoch lower than the highest seen is a zombie's and changes nothing.
 */
final class CellState {
    private final Map<String, VirtualMachine> requests = new TreeMap<>();
    private final Map<String, Reported<HostInventory>> inventories = new TreeMap<>();
    private final Map<AttachmentId, Reported<Outcome>> outcomes = new TreeMap<>();
    private final Map<String, Owned<Placement>> placements = new TreeMap<>();
    private final Map<AttachmentId, Owned<Attachment>> attachments = new TreeMap<>();
    private final Map<String, Owned<HostState>> hostStates = new TreeMap<>();
    private final Map<String, Owned<HostAdmission>> admissions = new TreeMap<>();
    private final Map<String, Map<String, String>> capabilities = new HashMap<>();
    private final Set<String> rejected = new HashSet<>();
    private Optional<Leader> leader = Optional.empty();

    /**
     * Takes one record in.
     *
     * @return why the record was refused; empty where it became part of the state, or was there already
     */
    Optional<String> replay(Envelope envelope) {
        return switch (envelope.value()) {
            case VirtualMachine vm -> accept(() -> requests.put(vm.key(), vm));
            case HostInventory inventory -> report(envelope, by -> take(inventory.key(), by), inventory);
            case Outcome outcome -> report(envelope, by -> outcomes.put(outcome.id(), by), outcome);
            case Placement placement -> own(placements, placement.key(), placement, envelope);
            case Attachment attachment -> own(attachments, attachment.id(), attachment, envelope);
            case HostState hostState -> own(hostStates, hostState.key(), hostState, envelope);
            case HostAdmission admission -> own(admissions, admission.key(), admission, envelope);
            case Leader newLeader -> lead(newLeader);
            case Rejected refusal -> accept(() -> rejected.add(refusal.key()));
            case Operation _, OperationProgress _, Policy _, PolicyState _, Breaker _ -> Optional.empty();
            case DecisionRecord _, Heartbeat _, TracePiece _ -> Optional.empty();
        };
    }

    private void take(String host, Reported<HostInventory> inventory) {
        inventories.put(host, inventory);
        capabilities.remove(host);
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
            Map<K, Owned<T>> records, K key, T value, Envelope envelope) {
        if (!(envelope.origin() instanceof Origin.Controller by)) {
            return Optional.of("only the leader of the cell writes this");
        }
        Owned<T> known = records.get(key);
        if (known != null && by.epoch() < known.epoch()) {
            return Optional.of(
                    "epoch %d is older than epoch %d, which wrote this key since".formatted(by.epoch(), known.epoch()));
        }
        records.put(key, new Owned<>(value, envelope.generation(), by.epoch()));
        return Optional.empty();
    }

    private Optional<String> lead(Leader newLeader) {
        if (leader.filter(known -> newLeader.epoch() < known.epoch()).isPresent()) {
            return Optional.of("epoch %d is over".formatted(newLeader.epoch()));
        }
        leader = Optional.of(newLeader);
        return Optional.empty();
    }

    Map<String, VirtualMachine> requests() {
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

    Map<String, Owned<HostState>> hostStates() {
        return hostStates;
    }

    Map<String, Owned<HostAdmission>> admissions() {
        return admissions;
    }

    Set<String> rejected() {
        return rejected;
    }

    Optional<Leader> leader() {
        return leader;
    }
}
