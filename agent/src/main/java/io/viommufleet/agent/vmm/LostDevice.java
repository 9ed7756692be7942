package io.viommufleet.agent.vmm;

import io.viommufleet.common.model.AttachFailure;

/**
 * A device that a VM had and has no longer, because the host changed under it.
 *
 * @param vm the VM
 * @param device its guest device
 * @param why what happened to the host device
 */
public record LostDevice(String vm, String device, AttachFailure why) {}
