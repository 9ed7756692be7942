/** Tests of QEMU's part of a passthrough device, on the emulated kernel. */
@NullMarked
package io.viommufleet.agent.vmm;

import org.jspecify.annotations.NullMarked;
