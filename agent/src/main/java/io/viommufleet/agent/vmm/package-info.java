/**
 * QEMU's part of a passthrough device: which address space a device gets, the attach path on the iommufd backend with its rollback, and what each
 * vIOMMU model makes of the host device that it is given.
 *
 * <p>{@link io.viommufleet.agent.vmm.HostRuntime} is the entry: one boot of one host, on which devices of VMs are attached and detached.
 */
@NullMarked
package io.viommufleet.agent.vmm;

import org.jspecify.annotations.NullMarked;
