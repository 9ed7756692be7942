package io.viommufleet.common.model;

/** Where a guest device stands. */
public enum DeviceState {
    DETACHED,
    ATTACHING,
    ATTACHED,
    FAILED,
    DETACHING,
    QUARANTINED
}
