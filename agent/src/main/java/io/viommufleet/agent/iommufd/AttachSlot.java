package io.viommufleet.agent.iommufd;

import java.util.LinkedHashSet;
import java.util.Set;

/** What one PASID of a device group (0: the devices themselves) is attached to. */
final class AttachSlot {
    private Hwpt hwpt;
    private final Set<Device> devices = new LinkedHashSet<>();

    AttachSlot(Hwpt hwpt) {
        this.hwpt = hwpt;
    }

    Hwpt hwpt() {
        return hwpt;
    }

    void setHwpt(Hwpt newHwpt) {
        hwpt = newHwpt;
    }

    /** The devices of the group that are attached, the first to attach first. */
    Set<Device> devices() {
        return devices;
    }
}
