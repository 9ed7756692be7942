package io.viommufleet.agent.vmm;

/**
 * One boot of one host: its kernel, and the VMMs that hold devices on it. Calls are answered one after the other and take effect at once; it is not
 * for several threads.
 */
public interface HostRuntime {
    /**
     * Attaches one device of a VM. The first device of a VM starts its VMM. A failed attach leaves behind nothing but what QEMU itself leaves: a
     * container that outlives the attempt keeps ignoring read-only memory.
     *
     * @throws IllegalArgumentException if the decision has no such device
     */
    AttachResult attach(VmAttachRequest request);

    /**
     * Detaches one device of a VM; the last one ends the VM's VMM. What is not attached is detached already.
     */
    DetachResult detach(String vm, String device);

    /** What is attached now. */
    HostSnapshot snapshot();
}
