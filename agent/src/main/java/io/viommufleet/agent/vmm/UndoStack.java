package io.viommufleet.agent.vmm;

import io.viommufleet.agent.iommufd.Result;
import io.viommufleet.common.model.AttachFailure;
import io.viommufleet.common.model.AttachStep;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What an attach did, as the steps that take it back. A failed attach runs them at once, a detach when the device goes: both undo in reverse order, so
 * that there is one way down. A step that fails is remembered, and the rest goes on, as QEMU only reports such failures.
 */
final class UndoStack {
    private final Deque<Step> steps = new ArrayDeque<>();
    private @Nullable AttachFailure firstFailure;

    /** Takes one thing back. */
    @FunctionalInterface
    interface Step {
        /** Does it; calls that matter go through {@link UndoStack#report}. */
        void undo(UndoStack stack);
    }

    /** Adds a step that will run before those added earlier. */
    void push(Step step) {
        steps.push(step);
    }

    /** Notes how a call of a step ended. */
    void report(String call, Result<?> result) {
        if (!result.isOk() && firstFailure == null) {
            firstFailure = StepFailure.of(AttachStep.DETACH, call, result);
        }
    }

    /**
     * Runs every step, last first.
     *
     * @return the first call that failed
     */
    Optional<AttachFailure> unwind() {
        while (!steps.isEmpty()) {
            steps.pop().undo(this);
        }
        return Optional.ofNullable(firstFailure);
    }
}
