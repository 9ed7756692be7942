package io.viommufleet.common;

/** A failure with a message that is fit for a user: what, where, which value, what is allowed, what to do. */
public class FleetException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final FleetError error;

    public FleetException(FleetError error, String message) {
        super(message);
        this.error = error;
    }

    public FleetException(FleetError error, String message, Throwable cause) {
        super(message, cause);
        this.error = error;
    }

    /** The kind of failure. */
    public FleetError error() {
        return error;
    }
}
