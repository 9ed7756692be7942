package io.viommufleet.agent.vmm;

import io.viommufleet.agent.iommufd.Result;
import io.viommufleet.common.model.AttachFailure;
import io.viommufleet.common.model.AttachStep;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * What an attach did, as the steps that take it back. A failed attach runs them at once, a detach when the device goes: both undo in reverse order, so
 * that there is one way down. A step that fails is remembered, and the rest goes on, as QEMU only reports such failures.
 */
final class UndoStack {
    private final Deque<Step> steps = new ArrayDeque<>();
    private final Set<Step> gates = new HashSet<>();
    private @Nullable AttachFailure firstFailure;
    private @Nullable AttachFailure stuck;

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

    /**
     * Adds something that must be done before the device may leave the VM's hands, but not when a failed attach is taken
     * back: no guest had it then.
     *
     * @param gate does it; gives why it could not be done
     */
    void pushGate(Supplier<Optional<AttachFailure>> gate) {
        Step step = stack -> stack.stuck = gate.get().orElse(null);
        gates.add(step);
        steps.push(step);
    }

    /** Notes how a call of a step ended. */
    void report(String call, Result<?> result) {
        if (!result.isOk() && firstFailure == null) {
            firstFailure = StepFailure.of(AttachStep.DETACH, call, result);
        }
    }

    /**
     * Takes a failed attach back: runs every step, last first.
     *
     * @return the first call that failed
     */
    Optional<AttachFailure> unwind() {
        steps.removeAll(gates);
        return release();
    }

    /**
     * Takes an attach back that a guest had: runs every step, last first, up to a gate that stays shut. Called again, it goes
     * on there.
     *
     * @return why the gate is shut, else the first call that failed
     */
    Optional<AttachFailure> release() {
        firstFailure = null;
        for (Step step = steps.poll(); step != null; step = steps.poll()) {
            stuck = null;
            step.undo(this);
            if (stuck != null) {
                steps.push(step);
                return Optional.of(stuck);
            }
        }
        return Optional.ofNullable(firstFailure);
    }

    /** Whether everything is taken back. */
    boolean done() {
        return steps.isEmpty();
    }
}
