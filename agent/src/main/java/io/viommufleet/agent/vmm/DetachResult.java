package io.viommufleet.agent.vmm;

import io.viommufleet.common.model.AttachFailure;

/** How a detach ended. */
public sealed interface DetachResult {
    /** The device is free. */
    record Detached() implements DetachResult {}

    /** The device may still be reachable by the guest: it must not be given to another VM. */
    record Failed(AttachFailure failure) implements DetachResult {}
}
