package io.viommufleet.agent.vmm;

import io.viommufleet.common.model.AttachFailure;

/** How a detach ended. */
public sealed interface DetachResult {
    /** The device is free, and reset. */
    record Detached() implements DetachResult {}

    /** Not detached, or not reset: the device must not be given to another VM. */
    record Failed(AttachFailure failure) implements DetachResult {}
}
