package io.viommufleet.common.kafka;

import io.viommufleet.common.FleetError;
import io.viommufleet.common.FleetException;

/**
 * Nobody knows whether a transaction was committed. The writer must be closed, the state dropped, and both made anew: only
 * the log can say.
 */
public final class CommitUnknown extends FleetException {
    private static final long serialVersionUID = 1L;

    CommitUnknown(String message, Throwable cause) {
        super(FleetError.UNREACHABLE, message, cause);
    }
}
