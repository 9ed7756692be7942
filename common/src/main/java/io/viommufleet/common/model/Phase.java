package io.viommufleet.common.model;

/** Where a VM stands. */
public enum Phase {
    /** The configuration is invalid or its flags cannot be decided. */
    REFUSED,
    /** No host could ever run it: its {@code doomed} list is not empty. */
    INFEASIBLE,
    /** No host takes it now; the reason counts why. */
    PENDING,
    PLACING,
    RUNNING,
    FAILED,
    DELETING
}
