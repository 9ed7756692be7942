package io.viommufleet.controller.cell;

import io.viommufleet.common.model.Attachment;
import io.viommufleet.common.model.AttachmentId;
import io.viommufleet.common.model.Bdf;
import io.viommufleet.common.model.Breaker;
import io.viommufleet.common.model.DecisionRecord;
import io.viommufleet.common.model.FleetRecord;
import io.viommufleet.common.model.FleetTopic;
import io.viommufleet.common.model.HostAdmission;
import io.viommufleet.common.model.HostDevice;
import io.viommufleet.common.model.HostInventory;
import io.viommufleet.common.model.HostState;
import io.viommufleet.common.model.Leader;
import io.viommufleet.common.model.OperationProgress;
import io.viommufleet.common.model.Placement;
import io.viommufleet.common.model.PolicyState;
import io.viommufleet.common.model.Rejected;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * A step in the making: the state as it will be once what is planned so far is committed. The state below stays as it is,
 * so a step that is never committed never was.
 */
final class Draft {
    private final CellState state;
    private final Map<String, Placement> placements = new TreeMap<>();
    private final Map<AttachmentId, Owned<Attachment>> attachments = new HashMap<>();
    private final Map<String, Set<AttachmentId>> newAttachments = new HashMap<>();
    private final Map<String, HostState> hostStates = new HashMap<>();
    private final Map<String, OperationProgress> progress = new HashMap<>();
    private final Map<Key, Write> writes = new LinkedHashMap<>();
    private Optional<Breaker> breaker = Optional.empty();

    private record Key(FleetTopic topic, String key) {}

    Draft(CellState state) {
        this.state = state;
    }

    CellState state() {
        return state;
    }

    List<Write> writes() {
        return List.copyOf(writes.values());
    }

    Optional<Placement> placement(String vm) {
        return Optional.ofNullable(placements.get(vm))
                .or(() -> Optional.ofNullable(state.placements().get(vm)).map(Owned::value));
    }

    /** How many VMs this step changes. */
    int changes() {
        return placements.size();
    }

    /** VMs whose placements this step changes, in order of name. */
    List<String> changedVms() {
        return List.copyOf(placements.keySet());
    }

    /** What a host has, as its agent last said. */
    Optional<HostInventory> inventory(String host) {
        return Optional.ofNullable(state.inventories().get(host)).map(Reported::value);
    }

    /** The iommu group of a device of a host. */
    Optional<Integer> group(String host, Bdf bdf) {
        return inventory(host).stream()
                .flatMap(inventory -> inventory.devices().stream())
                .filter(device -> device.bdf().equals(bdf))
                .findFirst()
                .flatMap(HostDevice::group);
    }

    Optional<HostState> hostState(String host) {
        return Optional.ofNullable(hostStates.get(host))
                .or(() -> Optional.ofNullable(state.hostStates().get(host)).map(Owned::value));
    }

    /** Hosts of which this step changes what is held of them. */
    Set<String> changedHosts() {
        return Set.copyOf(hostStates.keySet());
    }

    Optional<OperationProgress> progress(String operation) {
        return Optional.ofNullable(progress.get(operation))
                .or(() -> Optional.ofNullable(state.progress().get(operation)).map(Owned::value));
    }

    Optional<Breaker> breaker() {
        return breaker.or(() -> state.breaker().map(Owned::value));
    }

    Optional<Owned<Attachment>> attachment(AttachmentId id) {
        return Optional.ofNullable(attachments.get(id))
                .or(() -> Optional.ofNullable(state.attachments().get(id)));
    }

    /** Every attachment of a VM, planned ones as they will be, in order. */
    List<Owned<Attachment>> attachmentsOf(String vm) {
        Set<AttachmentId> ids = new TreeSet<>(state.attachmentsOf(vm));
        ids.addAll(newAttachments.getOrDefault(vm, Set.of()));
        return ids.stream().map(id -> attachment(id).orElseThrow()).toList();
    }

    void put(Placement placement) {
        placements.put(placement.key(), placement);
        write(placement, next(state.placements().get(placement.key())));
    }

    void put(HostState hostState) {
        hostStates.put(hostState.key(), hostState);
        write(hostState, next(state.hostStates().get(hostState.key())));
    }

    void put(HostAdmission admission) {
        write(admission, next(state.admissions().get(admission.key())));
    }

    void put(Attachment attachment) {
        long generation = next(state.attachments().get(attachment.id()));
        attachments.put(attachment.id(), new Owned<>(attachment, generation, 0));
        newAttachments
                .computeIfAbsent(attachment.id().vm(), vm -> new TreeSet<>())
                .add(attachment.id());
        write(attachment, generation);
    }

    void put(OperationProgress moved) {
        progress.put(moved.id(), moved);
        write(moved, next(state.progress().get(moved.id())));
    }

    void put(PolicyState policy) {
        write(policy, next(state.policyStates().get(policy.name())));
    }

    void put(Breaker latest) {
        breaker = Optional.of(latest);
        write(latest, next(state.breaker().orElse(null)));
    }

    void put(Leader leader) {
        write(leader, leader.epoch());
    }

    void put(DecisionRecord decision) {
        write(decision, 0);
    }

    void put(Rejected rejected) {
        write(rejected, 0);
    }

    /** A key is written once per step: planning it again replaces what was planned. */
    private void write(FleetRecord value, long generation) {
        writes.put(new Key(value.topic(), value.key()), new Write(value, generation));
    }

    private static long next(@Nullable Owned<?> known) {
        return known == null ? 1 : known.generation() + 1;
    }
}
