package io.viommufleet.controller.cell;

import io.viommufleet.common.model.Attachment;
import io.viommufleet.common.model.AttachmentId;
import io.viommufleet.common.model.DecisionRecord;
import io.viommufleet.common.model.FleetRecord;
import io.viommufleet.common.model.HostAdmission;
import io.viommufleet.common.model.HostState;
import io.viommufleet.common.model.Placement;
import io.viommufleet.common.model.Rejected;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A step in the making: the state as it will be once what is planned so far is committed. The state below stays as it is,
 * so a step that is never committed never was.
 */
final class Draft {
    private final CellState state;
    private final Map<String, Placement> placements = new HashMap<>();
    private final Map<AttachmentId, Owned<Attachment>> attachments = new HashMap<>();
    private final Map<String, HostState> hostStates = new HashMap<>();
    private final List<Write> writes = new ArrayList<>();

    Draft(CellState state) {
        this.state = state;
    }

    CellState state() {
        return state;
    }

    List<Write> writes() {
        return List.copyOf(writes);
    }

    Optional<Placement> placement(String vm) {
        return Optional.ofNullable(placements.get(vm))
                .or(() -> Optional.ofNullable(state.placements().get(vm)).map(Owned::value));
    }

    /** All placements, in order of name. */
    List<Placement> allPlacements() {
        Map<String, Placement> all = new TreeMap<>();
        state.placements().forEach((vm, owned) -> all.put(vm, owned.value()));
        all.putAll(placements);
        return List.copyOf(all.values());
    }

    Optional<HostState> hostState(String host) {
        return Optional.ofNullable(hostStates.get(host))
                .or(() -> Optional.ofNullable(state.hostStates().get(host)).map(Owned::value));
    }

    Optional<Owned<Attachment>> attachment(AttachmentId id) {
        return Optional.ofNullable(attachments.get(id))
                .or(() -> Optional.ofNullable(state.attachments().get(id)));
    }

    /** All attachments, planned ones as they will be. */
    Stream<Owned<Attachment>> allAttachments() {
        Map<AttachmentId, Owned<Attachment>> all = new TreeMap<>(state.attachments());
        all.putAll(attachments);
        return all.values().stream();
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
        write(attachment, generation);
    }

    void put(DecisionRecord decision) {
        write(decision, 0);
    }

    void put(Rejected rejected) {
        write(rejected, 0);
    }

    /** A key is written once per step: planning it again replaces what was planned. */
    private void write(FleetRecord value, long generation) {
        writes.removeIf(write ->
                write.value().topic() == value.topic() && write.value().key().equals(value.key()));
        writes.add(new Write(value, generation));
    }

    private static long next(@Nullable Owned<?> known) {
        return known == null ? 1 : known.generation() + 1;
    }
}
