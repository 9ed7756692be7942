package io.viommufleet.common.kafka;

import io.viommufleet.common.FleetError;
import io.viommufleet.common.FleetException;

/** Another producer has this one's transactional id now: it leads no more and must be closed. */
public final class Fenced extends FleetException {
    private static final long serialVersionUID = 1L;

    Fenced(String message, Throwable cause) {
        super(FleetError.CONFLICT, message, cause);
    }
}
