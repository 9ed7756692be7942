package io.viommufleet.agent.vmm;

import io.viommufleet.common.model.GuestReport;
import io.viommufleet.common.model.GuestStep;
import java.util.List;

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

    /**
     * Lets the guest of a VM do what its script says, one step after the other, once all devices of the VM are attached. A step that fails leaves the
     * devices attached.
     *
     * @return one report for every step; none while a device of the VM is missing
     */
    List<GuestReport> runGuest(String vm, List<GuestStep> script);

    /** What is attached now. */
    HostSnapshot snapshot();
}
