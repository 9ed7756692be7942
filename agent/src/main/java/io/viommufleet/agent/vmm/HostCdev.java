package io.viommufleet.agent.vmm;

import io.viommufleet.agent.vfio.VfioDevice;
import io.viommufleet.common.feasibility.DeviceFacts;

/**
 * A host device as a VMM reaches it.
 *
 * @param facts from the inventory
 * @param vfio its VFIO file
 */
record HostCdev(DeviceFacts facts, VfioDevice vfio) {}
