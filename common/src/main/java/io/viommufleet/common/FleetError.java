package io.viommufleet.common;

/** The kinds of failure that a caller can tell apart, each with the exit code of the command line. */
public enum FleetError {
    /** It was tried and did not work. */
    FAILED(1),
    /** It was asked for wrongly. */
    USAGE(2),
    /** What it names does not exist. */
    NOT_FOUND(3),
    /** Another writer was there first, or this one is fenced. */
    CONFLICT(4),
    /** Kafka or a role did not answer before the deadline. */
    UNREACHABLE(5),
    /** It was accepted and had not come to rest at the deadline. */
    NOT_SETTLED(6);

    private final int exitCode;

    FleetError(int exitCode) {
        this.exitCode = exitCode;
    }

    /** What the process exits with. */
    public int exitCode() {
        return exitCode;
    }
}
