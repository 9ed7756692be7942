package io.viommufleet.agent.core;

import io.viommufleet.common.model.AttachmentId;
import io.viommufleet.common.model.Outcome;
import java.util.Optional;

/**
 * A fact that the agent must not forget when it restarts. It is on disk before anything that follows from it is published,
 * and the state machine changes by it alone, live and at recovery alike.
 */
public sealed interface JournalEntry {
    /**
     * A command got its answer.
     *
     * @param command what was asked
     * @param outcome the one answer
     * @param held the command by which the host device is held; differs from {@code command} only where a detach failed
     */
    record Settled(Command command, Outcome outcome, Command held) implements JournalEntry {
        /** The state that this answer puts the attachment in. */
        public AttachmentState state() {
            return switch (outcome.state()) {
                case DETACHED -> new AttachmentState.Detached(Optional.of(this));
                case ATTACHED -> new AttachmentState.Attached(command, outcome);
                case FAILED -> new AttachmentState.Failed(command, outcome);
                case QUARANTINED -> new AttachmentState.Quarantined(held, command, outcome);
                case ATTACHING, DETACHING ->
                    throw new IllegalArgumentException(
                            "%s is still %s: that is no answer".formatted(outcome.id(), outcome.state()));
            };
        }
    }

    /** What was attached was detached to make way for another arrangement, which is not answered yet. */
    record Released(AttachmentId id) implements JournalEntry {}

    /** The inventory was published with this generation. Outlives the boot. */
    record InventoryPublished(long generation) implements JournalEntry {}

    /** The record there was rejected, and is not to be rejected again. Outlives the boot. */
    record Refused(int partition, long offset) implements JournalEntry {}
}
