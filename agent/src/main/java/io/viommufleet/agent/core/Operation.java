package io.viommufleet.agent.core;

import io.viommufleet.common.model.AttachmentId;

/** Something to do on the host. At most one runs at a time, and each ends in one {@link AgentEvent.OperationCompleted}. */
public sealed interface Operation {
    /** Of which attachment. */
    AttachmentId id();

    /** Generation of the command that it carries out. */
    long generation();

    /** Run the attach path. */
    record Attach(Command command) implements Operation {
        @Override
        public AttachmentId id() {
            return command.id();
        }

        @Override
        public long generation() {
            return command.generation();
        }
    }

    /** Hand the guest over to another host, as far as this one has a part in it: track what its devices write. */
    record HandOver(Command command) implements Operation {
        @Override
        public AttachmentId id() {
            return command.id();
        }

        @Override
        public long generation() {
            return command.generation();
        }
    }

    /** Let the guest run here, all devices of which were attached while it ran on another host. */
    record TakeOver(Command command) implements Operation {
        @Override
        public AttachmentId id() {
            return command.id();
        }

        @Override
        public long generation() {
            return command.generation();
        }
    }

    /** Undo what this command attached. */
    record Detach(Command attached) implements Operation {
        @Override
        public AttachmentId id() {
            return attached.id();
        }

        @Override
        public long generation() {
            return attached.generation();
        }
    }
}
