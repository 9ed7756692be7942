package io.viommufleet.agent.vmm;

import io.viommufleet.agent.iommufd.Result;
import io.viommufleet.common.model.AttachFailure;
import io.viommufleet.common.model.AttachStep;
import java.util.Optional;

/** Ends an attach path early. It never leaves this package: the path turns it into a result after undoing what it did. */
final class StepFailure extends Exception {
    private static final long serialVersionUID = 1L;

    private final transient AttachFailure failure;

    StepFailure(AttachFailure failure) {
        super(null, null, false, false);
        this.failure = failure;
    }

    AttachFailure failure() {
        return failure;
    }

    /** The result of a call that the path cannot go on without. */
    static <R> R require(AttachStep step, String call, Result<R> result) throws StepFailure {
        if (!result.isOk()) {
            throw new StepFailure(of(step, call, result));
        }
        return result.value();
    }

    /** How a failed call is told before anybody knows why. */
    static AttachFailure of(AttachStep step, String call, Result<?> result) {
        String errno = String.valueOf(result.errno());
        return new AttachFailure(
                step, Optional.of(call), Optional.of(errno), "%s failed with %s".formatted(call, errno));
    }

    @Override
    public String getMessage() {
        return failure.reason();
    }
}
