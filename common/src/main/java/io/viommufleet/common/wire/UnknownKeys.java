package io.viommufleet.common.wire;

/** What a reader makes of a key that it does not know. */
public enum UnknownKeys {
    /** An error with the nearest known name: what a user wrote. */
    REFUSED,
    /** Passed over: what another version of the fleet's own roles wrote. */
    TOLERATED
}
