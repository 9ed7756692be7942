package io.viommufleet.agent.vmm;

import io.viommufleet.agent.iommufd.ObjectSnapshot;
import io.viommufleet.common.model.Bdf;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;

/**
 * What is attached on a host at one moment.
 *
 * @param attached in order of VM and device
 * @param objects object table of each VM's iommufd, by VM
 * @param claimedGroups iommu groups that a VM owns, in ascending order
 */
public record HostSnapshot(
        List<AttachedDevice> attached, Map<String, ObjectSnapshot> objects, List<Integer> claimedGroups) {
    /** Keeps copies. */
    public HostSnapshot {
        attached = List.copyOf(attached);
        objects = Map.copyOf(objects);
        claimedGroups = List.copyOf(claimedGroups);
    }

    /**
     * One attached device.
     *
     * @param vm that has it
     * @param device its id in the VM
     * @param bdf the host device
     * @param ioas id of its IOAS; empty with the legacy backend
     * @param hwpt id of its HWPT; empty for a mediated device and with the legacy backend
     * @param nestingParent whether that HWPT is a nesting parent
     */
    public record AttachedDevice(
            String vm, String device, Bdf bdf, OptionalInt ioas, OptionalInt hwpt, boolean nestingParent) {}
}
