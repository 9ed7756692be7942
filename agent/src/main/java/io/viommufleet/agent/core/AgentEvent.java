package io.viommufleet.agent.core;

import io.viommufleet.common.model.AttachFailure;
import io.viommufleet.common.model.AttachmentId;
import io.viommufleet.common.model.Envelope;
import io.viommufleet.common.model.HostInventory;
import io.viommufleet.common.model.TracePiece;
import java.util.List;
import java.util.Optional;

/** Something that happened to the agent. Events come one at a time, each with the time at which it is handled. */
public sealed interface AgentEvent {
    /** The host was looked at; nothing follows from it when it is as it was. */
    record InventoryRead(HostInventory inventory) implements AgentEvent {}

    /** A whole record of {@code fleet.attachments}, this host's or another's of the same partition. */
    record RecordRead(LogPosition position, Envelope envelope) implements AgentEvent {}

    /**
     * A record that cannot be read or lies where it does not belong.
     *
     * @param position where it lies
     * @param owner the host that its key names, if that host's records belong in this partition; empty when nobody owns it
     * @param key as text, shortened
     * @param reason what is wrong with it
     * @param head first bytes of its value
     */
    record UnreadableRead(LogPosition position, Optional<String> owner, String key, String reason, String head)
            implements AgentEvent {}

    /** A key without a value: the leader's garbage collection, which triggers nothing. */
    record TombstoneRead(String key) implements AgentEvent {}

    /** Everything that was in the partition when the agent began has been read. */
    record CaughtUp() implements AgentEvent {}

    /** The partition is being read from its beginning again, because the log no longer had what came next. */
    record LogRestarted() implements AgentEvent {}

    /**
     * What was to be run has ended.
     *
     * @param trace of what was done, in pieces
     */
    record OperationCompleted(AttachmentId id, OperationResult result, List<TracePiece> trace) implements AgentEvent {
        public OperationCompleted {
            trace = List.copyOf(trace);
        }

        /** Without a trace. */
        public OperationCompleted(AttachmentId id, OperationResult result) {
            this(id, result, List.of());
        }
    }

    /**
     * A device is no longer the VM's, because the host changed under it: the host has taken it from the VM already, even where the end of the attach is
     * still to be said.
     */
    record DeviceLost(AttachmentId id, AttachFailure why) implements AgentEvent {}

    /** Kafka has the heartbeat that was sent then. */
    record HeartbeatAcknowledged(long sentNanos) implements AgentEvent {}

    /** Time has passed. */
    record Tick() implements AgentEvent {}

    /** The agent is to stop in good order. */
    record Stopping() implements AgentEvent {}
}
