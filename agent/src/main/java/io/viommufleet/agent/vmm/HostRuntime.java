package io.viommufleet.agent.vmm;

import io.viommufleet.common.model.AttachmentId;
import io.viommufleet.common.model.Bdf;
import io.viommufleet.common.model.GuestReport;
import io.viommufleet.common.model.GuestStep;
import io.viommufleet.common.model.HostFault;
import io.viommufleet.common.model.HostInventory;
import io.viommufleet.common.model.MigrationReport;
import io.viommufleet.common.model.TracePiece;
import java.util.List;
import java.util.Set;

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
     * Detaches one device of a VM and resets it; the last one ends the VM's VMM. What is not attached is detached already. A
     * device that could not be reset stays with the VMM, and the next detach tries again.
     */
    DetachResult detach(String vm, String device);

    /**
     * Lets the guest of a VM do what its script says, one step after the other, once all devices of the VM are attached. A step that fails leaves the
     * devices attached.
     *
     * @return one report for every step; none while a device of the VM is missing
     */
    List<GuestReport> runGuest(String vm, List<GuestStep> script);

    /**
     * The source's part in a live migration of a VM, as QEMU does it: tracking of what devices write is turned on, the dirty pages
     * are read pass by pass, and it is turned off again. The guest runs on, whatever comes of it.
     *
     * <p>Between emulated hosts there is no channel: neither memory nor the vIOMMU's state is sent, and the guest's script is run
     * from its beginning where the guest is taken over.
     */
    MigrationReport handOver(String vm);

    /**
     * Takes note of what changed on the host while it runs: devices plugged in can be attached, and those pulled out, or taken by another driver, can
     * not. A VM that has one of these loses it.
     *
     * @param latest the host as it is now; what only a reboot changes must be as it was at boot
     * @return what was lost, in order of VM and device
     */
    List<LostDevice> follow(HostInventory latest);

    /**
     * From here on these faults happen, counted from this call on; a list that is in force already goes on as it was. None by default.
     */
    void disturb(List<HostFault> faults);

    /** By how much the calls since the last time that this was asked were slower than they took. */
    long takeDelayNanos();

    /** Devices that are gone since boot, because of a fault. */
    Set<Bdf> lostDevices();

    /** From here on the calls of every VMM are recorded. */
    void beginTraces();

    /**
     * The trace of the VMM that serves an attachment, up to now; nothing where none is recorded.
     *
     * @param generation of the command that was carried out
     */
    List<TracePiece> trace(AttachmentId id, long generation);

    /** What is attached now. */
    HostSnapshot snapshot();
}
