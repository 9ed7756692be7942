package io.viommufleet.agent.core;

import io.viommufleet.common.model.AttachFailure;
import io.viommufleet.common.model.Attachment;
import io.viommufleet.common.model.DeviceState;
import io.viommufleet.common.model.Outcome;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Where one attachment stands. Each state has the legal moves out of it as methods, and no others. The states with a
 * {@link JournalEntry.Settled} answer are remembered in the journal; those in between last as long as their operation runs.
 */
public sealed interface AttachmentState {
    /** Nothing has been asked yet. */
    static Detached unasked() {
        return new Detached(Optional.empty());
    }

    /** The last answer in this state; empty while an operation runs and before the first command. */
    Optional<JournalEntry.Settled> settled();

    /** The name of this state on the log. */
    DeviceState name();

    /** The command by which a host device is, or may be, in the hands of this attachment. */
    default Optional<Command> holding() {
        return switch (this) {
            case Detached detached -> Optional.empty();
            case Failed failed -> Optional.empty();
            case Attaching attaching -> Optional.of(attaching.command());
            case Attached attached -> Optional.of(attached.command());
            case Moving moving -> Optional.of(moving.attached());
            case Detaching detaching -> Optional.of(detaching.attached());
            case Quarantined quarantined -> Optional.of(quarantined.held());
        };
    }

    /** Whether an operation runs. */
    default boolean busy() {
        return name() == DeviceState.ATTACHING || name() == DeviceState.DETACHING || this instanceof Moving;
    }

    /** Whether a command has its answer already. */
    default boolean answers(Command command) {
        return settled().filter(last -> last.command().asks(command)).isPresent();
    }

    /** Nothing is attached. */
    record Detached(Optional<JournalEntry.Settled> settled) implements AttachmentState {
        Attaching attach(Command command, long nowNanos) {
            return Attaching.begin(command, nowNanos);
        }

        /** Refuses before anything is tried. */
        Failed refuse(Command command, AttachFailure why) {
            return Failed.of(command, why, 0);
        }

        /** Detached is what is wanted. */
        Detached confirm(Command command) {
            return of(command, 0);
        }

        static Detached of(Command command, long durationNanos) {
            return new Detached(Optional.of(
                    new JournalEntry.Settled(command, command.answer(DeviceState.DETACHED, durationNanos), command)));
        }

        @Override
        public DeviceState name() {
            return DeviceState.DETACHED;
        }
    }

    /**
     * The attach path runs.
     *
     * @param lost why the host has the device no longer, once that is known
     */
    record Attaching(Command command, long sinceNanos, Optional<AttachFailure> lost) implements AttachmentState {
        static Attaching begin(Command command, long nowNanos) {
            return new Attaching(command, nowNanos, Optional.empty());
        }

        /** The attach path runs to its end all the same, which is a failure now. */
        Attaching lose(AttachFailure why) {
            return new Attaching(command, sinceNanos, lost.or(() -> Optional.of(why)));
        }

        Attached succeed(OperationResult.Succeeded result, long nowNanos) {
            return new Attached(
                    command,
                    new Outcome(
                            command.id(),
                            command.generation(),
                            DeviceState.ATTACHED,
                            Optional.empty(),
                            result.unmet(),
                            result.resolvedValues(),
                            nowNanos - sinceNanos,
                            result.guest(),
                            Optional.empty()));
        }

        /** A lost device explains the failure better than what the attach path stumbled over. */
        Failed fail(AttachFailure why, long nowNanos) {
            return Failed.of(command, lost.orElse(why), nowNanos - sinceNanos);
        }

        @Override
        public Optional<JournalEntry.Settled> settled() {
            return Optional.empty();
        }

        @Override
        public DeviceState name() {
            return DeviceState.ATTACHING;
        }
    }

    /** The guest device has its host device. */
    record Attached(Command command, Outcome outcome) implements AttachmentState {
        Detaching detach(Command wanted, long nowNanos) {
            return new Detaching(command, wanted, nowNanos);
        }

        /** The host gets another part in the life of the VM, for which there is something to do. */
        Moving move(Command wanted, long nowNanos) {
            return new Moving(command, outcome, wanted, nowNanos, Optional.empty());
        }

        /** The host has the device no longer, so nothing is left to detach. */
        Failed lose(AttachFailure why) {
            return Failed.of(command, why, 0);
        }

        /** The same arrangement is asked for again: it is kept, and the new command gets the old answer. */
        Attached reissue(Command again) {
            return new Attached(again, answerAgain(outcome, again));
        }

        /** Whether this command was told already that the guest can be handed over. */
        boolean handedOver() {
            return outcome.migration()
                    .filter(report -> report.failure().isEmpty())
                    .isPresent();
        }

        @Override
        public Optional<JournalEntry.Settled> settled() {
            return Optional.of(new JournalEntry.Settled(command, outcome, command));
        }

        @Override
        public DeviceState name() {
            return DeviceState.ATTACHED;
        }
    }

    /**
     * The device is attached, and the guest is being handed over to another host or taken over from one.
     *
     * @param attached what the device is attached by
     * @param before the answer to that
     * @param wanted the command that asks for it
     * @param sinceNanos when it began
     * @param lost why the host has the device no longer, once that is known
     */
    record Moving(Command attached, Outcome before, Command wanted, long sinceNanos, Optional<AttachFailure> lost)
            implements AttachmentState {
        Moving lose(AttachFailure why) {
            return new Moving(attached, before, wanted, sinceNanos, lost.or(() -> Optional.of(why)));
        }

        /** The device is attached as before; what became of the move is part of the answer. */
        Attached succeed(OperationResult.Succeeded result, long nowNanos) {
            return new Attached(
                    wanted,
                    new Outcome(
                            wanted.id(),
                            wanted.generation(),
                            DeviceState.ATTACHED,
                            Optional.empty(),
                            before.unmet(),
                            before.resolvedValues(),
                            nowNanos - sinceNanos,
                            result.guest(),
                            result.migration()));
        }

        Failed fail(AttachFailure why, long nowNanos) {
            return Failed.of(wanted, why, nowNanos - sinceNanos);
        }

        @Override
        public Optional<JournalEntry.Settled> settled() {
            return Optional.empty();
        }

        @Override
        public DeviceState name() {
            return DeviceState.ATTACHED;
        }
    }

    /** The attach failed, and the host is as it was before it. */
    record Failed(Command command, Outcome outcome) implements AttachmentState {
        /** Tries again for a newer command. */
        Attaching attach(Command again, long nowNanos) {
            return Attaching.begin(again, nowNanos);
        }

        Failed refuse(Command again, AttachFailure why) {
            return of(again, why, 0);
        }

        /** There is nothing to undo. */
        Detached confirm(Command detach) {
            return Detached.of(detach, 0);
        }

        static Failed of(Command command, AttachFailure why, long durationNanos) {
            return new Failed(command, failure(command, DeviceState.FAILED, why, durationNanos));
        }

        @Override
        public Optional<JournalEntry.Settled> settled() {
            return Optional.of(new JournalEntry.Settled(command, outcome, command));
        }

        @Override
        public DeviceState name() {
            return DeviceState.FAILED;
        }
    }

    /**
     * The detach runs.
     *
     * @param attached what is being undone
     * @param wanted the command that it makes way for: a detach, or an attach of another arrangement
     * @param sinceNanos when it began
     */
    record Detaching(Command attached, Command wanted, long sinceNanos) implements AttachmentState {
        Detached succeed(long nowNanos) {
            return Detached.of(wanted, nowNanos - sinceNanos);
        }

        /** What was in the way is gone; the wanted attach is still to be answered. */
        Detached release() {
            return new Detached(Optional.empty());
        }

        Quarantined fail(AttachFailure why, long nowNanos) {
            return new Quarantined(
                    attached, wanted, failure(wanted, DeviceState.QUARANTINED, why, nowNanos - sinceNanos));
        }

        @Override
        public Optional<JournalEntry.Settled> settled() {
            return Optional.empty();
        }

        @Override
        public DeviceState name() {
            return DeviceState.DETACHING;
        }
    }

    /**
     * The detach failed: nobody may have the device until it is detached after all, or the host boots again.
     *
     * @param held what could not be undone
     * @param command the latest that was answered so
     * @param outcome the answer
     */
    record Quarantined(Command held, Command command, Outcome outcome) implements AttachmentState {
        Detaching detach(Command again, long nowNanos) {
            return new Detaching(held, again, nowNanos);
        }

        /** An attach cannot be served and gets the same answer. */
        Quarantined reissue(Command attach) {
            return new Quarantined(held, attach, answerAgain(outcome, attach));
        }

        @Override
        public Optional<JournalEntry.Settled> settled() {
            return Optional.of(new JournalEntry.Settled(command, outcome, held));
        }

        @Override
        public DeviceState name() {
            return DeviceState.QUARANTINED;
        }
    }

    private static Outcome failure(Command command, DeviceState state, AttachFailure why, long durationNanos) {
        return new Outcome(
                command.id(),
                command.generation(),
                state,
                Optional.of(why),
                List.of(),
                Map.of(),
                durationNanos,
                List.of(),
                Optional.empty());
    }

    private static Outcome answerAgain(Outcome answer, Command again) {
        return new Outcome(
                again.id(),
                again.generation(),
                answer.state(),
                answer.failure(),
                answer.unmet(),
                answer.resolvedValues(),
                answer.durationNanos(),
                answer.guest(),
                answer.migration().filter(report -> again.isFor(Attachment.Role.SOURCE)));
    }
}
