package io.viommufleet.agent.core;

import io.viommufleet.common.model.Attachment;
import io.viommufleet.common.model.AttachmentId;
import io.viommufleet.common.model.DeviceState;
import java.util.Comparator;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** The attachments of this boot, each in its state. */
final class Attachments {
    private final Map<AttachmentId, AttachmentState> states = new TreeMap<>();

    void put(AttachmentId id, AttachmentState state) {
        states.put(id, state);
    }

    AttachmentState of(AttachmentId id) {
        return states.getOrDefault(id, AttachmentState.unasked());
    }

    /** Whether an operation runs; there is never more than one. */
    boolean busy() {
        return states.values().stream().anyMatch(AttachmentState::busy);
    }

    /** The other attachment that has the host device which a command asks for. */
    Optional<AttachmentId> holderOf(Command command) {
        return states.entrySet().stream()
                .filter(other -> !other.getKey().equals(command.id()))
                .filter(other -> other.getValue()
                        .holding()
                        .filter(held -> held.attachment()
                                .bdf()
                                .equals(command.attachment().bdf()))
                        .isPresent())
                .map(Map.Entry::getKey)
                .findFirst();
    }

    /** Whether this is the only device of its VM that is not known to be the guest's: with it the guest can run here. */
    boolean completes(Command command) {
        return states.entrySet().stream()
                .filter(other -> other.getKey().vm().equals(command.id().vm()))
                .filter(other -> !other.getKey().equals(command.id()))
                .noneMatch(other -> other.getValue()
                        .holding()
                        .filter(held -> held.isFor(Attachment.Role.TARGET))
                        .isPresent());
    }

    /** The shortest lease of what this host holds, or may hold; empty while all of it waits for its host. */
    Optional<Long> leaseMillis() {
        return states.values().stream()
                .flatMap(state -> state.holding().stream())
                .flatMap(held -> held.attachment().leaseMillis().stream())
                .min(Comparator.naturalOrder());
    }

    int count(DeviceState name) {
        return (int)
                states.values().stream().filter(state -> state.name() == name).count();
    }

    Map<AttachmentId, AttachmentState> all() {
        return Map.copyOf(states);
    }
}
