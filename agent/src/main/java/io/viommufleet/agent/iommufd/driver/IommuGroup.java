package io.viommufleet.agent.iommufd.driver;

import static io.viommufleet.agent.iommufd.system.Errno.EBUSY;
import static io.viommufleet.agent.iommufd.system.Errno.EPERM;

import io.viommufleet.agent.iommufd.system.KernelFailure;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Devices that the IOMMU cannot tell apart or keep apart; user space owns their DMA together or not at all. */
public final class IommuGroup {
    private final int id;
    private final List<IommuDevice> devices = new ArrayList<>();
    private @Nullable Object owner;
    private int claims;
    private boolean usedByKernel;
    private boolean groupFileOpen;

    /** A group without devices yet. */
    public IommuGroup(int id) {
        this.id = id;
    }

    /** Its number in sysfs. */
    public int id() {
        return id;
    }

    /** The devices behind it, bound or not. */
    public List<IommuDevice> devices() {
        return List.copyOf(devices);
    }

    /** A device was probed into the group. */
    public void add(IommuDevice device) {
        devices.add(device);
    }

    /** A device went away. */
    public void remove(IommuDevice device) {
        devices.remove(device);
    }

    /** Whether a member is driven by a kernel driver that does DMA, which keeps user space out. */
    public void setUsedByKernel(boolean used) {
        usedByKernel = used;
    }

    /** Whether the VFIO group file of this group is open. */
    public boolean groupFileOpen() {
        return groupFileOpen;
    }

    /** The VFIO group file was opened or closed. */
    public void setGroupFileOpen(boolean open) {
        groupFileOpen = open;
    }

    /** Takes DMA ownership: EPERM when someone else holds it, EBUSY when the kernel uses a member. */
    public void claim(Object newOwner) throws KernelFailure {
        if (owner != null && !owner.equals(newOwner)) {
            throw EPERM.failure();
        }
        if (usedByKernel) {
            throw EBUSY.failure();
        }
        owner = newOwner;
        claims++;
    }

    /** Gives one claim back. */
    public void unclaim() {
        if (--claims == 0) {
            owner = null;
        }
    }

    /** Whether nobody in user space owns its DMA. */
    public boolean unclaimed() {
        return owner == null;
    }
}
