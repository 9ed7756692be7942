package io.viommufleet.agent.vmm;

import io.viommufleet.agent.iommufd.Result;
import io.viommufleet.common.model.GuestReport;
import java.util.Optional;

/** Ends a step of a guest early. It never leaves this package: the step is undone and becomes a report. */
final class GuestFailure extends Exception {
    private static final long serialVersionUID = 1L;

    private final transient GuestReport.Failure failure;

    private GuestFailure(GuestReport.Failure failure) {
        super(null, null, false, false);
        this.failure = failure;
    }

    /** The VMM, or the vIOMMU that it emulates, refuses what the guest asks. */
    static GuestFailure refused(String reason) {
        return new GuestFailure(new GuestReport.Failure(Optional.empty(), Optional.empty(), reason));
    }

    /** A kernel call failed. */
    static GuestFailure of(String call, Result<?> result) {
        String errno = String.valueOf(result.errno());
        return new GuestFailure(new GuestReport.Failure(
                Optional.of(call), Optional.of(errno), "%s failed with %s".formatted(call, errno)));
    }

    GuestReport.Failure failure() {
        return failure;
    }

    @Override
    public String getMessage() {
        return failure.reason();
    }
}
