package io.viommufleet.controller.cell;

import io.viommufleet.common.model.AttachFailure;
import io.viommufleet.common.model.Attachment;
import io.viommufleet.common.model.DeviceState;
import io.viommufleet.common.model.Outcome;
import java.util.Map;
import java.util.Optional;

/**
 * Where one attachment stands: the command and the last outcome taken together. An outcome of another boot, or a failure
 * that answers an older command, says nothing about this one.
 */
sealed interface Standing {
    /** Commanded, not yet answered. */
    record Waiting() implements Standing {}

    /** Attached in this boot of the host. */
    record Attached(Map<String, String> resolvedValues) implements Standing {}

    /** The command failed. */
    record Failed(AttachFailure failure) implements Standing {}

    /** The detach is confirmed: the device is free. */
    record Free() implements Standing {}

    /** Reads the standing off a command and what is known of its outcome. */
    static Standing of(Owned<Attachment> command, Optional<Reported<Outcome>> reported) {
        if (reported.isEmpty()
                || !reported.get().by().boot().equals(command.value().boot())) {
            return new Waiting();
        }
        Outcome outcome = reported.get().value();
        boolean answersThis = outcome.attachmentGeneration() == command.generation();
        return switch (command.value().desired()) {
            case ATTACHED -> attached(outcome, answersThis);
            case DETACHED ->
                answersThis && outcome.state() == DeviceState.DETACHED ? new Free() : failed(outcome, answersThis);
        };
    }

    private static Standing attached(Outcome outcome, boolean answersThis) {
        return outcome.state() == DeviceState.ATTACHED
                ? new Attached(outcome.resolvedValues())
                : failed(outcome, answersThis);
    }

    private static Standing failed(Outcome outcome, boolean answersThis) {
        return answersThis && outcome.failure().isPresent()
                ? new Failed(outcome.failure().get())
                : new Waiting();
    }
}
