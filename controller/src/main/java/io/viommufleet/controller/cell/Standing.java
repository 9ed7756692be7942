package io.viommufleet.controller.cell;

import io.viommufleet.common.model.AttachFailure;
import io.viommufleet.common.model.Attachment;
import io.viommufleet.common.model.DeviceState;
import io.viommufleet.common.model.MigrationReport;
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

    /**
     * Attached in this boot of the host.
     *
     * @param resolvedValues by property path
     * @param handover what the source made of handing the guest over; empty unless it was told to, and has answered
     */
    record Attached(Map<String, String> resolvedValues, Optional<MigrationReport> handover) implements Standing {}

    /** The attach failed. */
    record Failed(AttachFailure failure) implements Standing {}

    /** The detach is confirmed: the device is free. */
    record Free() implements Standing {}

    /** The detach or the reset after it failed: the device is nobody's until an operator releases it or the host boots. */
    record Quarantined(AttachFailure failure) implements Standing {}

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
            case DETACHED -> detached(outcome, answersThis);
        };
    }

    private static Standing attached(Outcome outcome, boolean answersThis) {
        if (outcome.state() == DeviceState.ATTACHED) {
            return new Attached(outcome.resolvedValues(), outcome.migration().filter(report -> answersThis));
        }
        return answersThis && outcome.failure().isPresent()
                ? new Failed(outcome.failure().get())
                : new Waiting();
    }

    private static Standing detached(Outcome outcome, boolean answersThis) {
        if (!answersThis) {
            return new Waiting();
        }
        return outcome.state() == DeviceState.DETACHED
                ? new Free()
                : outcome.failure().<Standing>map(Quarantined::new).orElseGet(Waiting::new);
    }
}
