package io.viommufleet.agent.vmm;

import io.viommufleet.common.model.Bdf;
import io.viommufleet.common.viommu.Decision;
import io.viommufleet.common.viommu.DeviceDecision;
import io.viommufleet.common.viommu.GuestDevice;
import java.util.Map;

/**
 * A device to attach.
 *
 * @param vm its VM
 * @param device its id in the VM
 * @param bdf the host device that serves it
 * @param memoryBytes guest RAM, all of which is mapped
 * @param strict a want that QEMU would let go unmet fails the attach
 * @param decision of the whole VM, verified by the caller
 * @param resolvedValues values that an earlier attach froze, by property path such as {@code viommus[0].ril}
 */
public record VmAttachRequest(
        String vm,
        String device,
        Bdf bdf,
        long memoryBytes,
        boolean strict,
        Decision.Decided decision,
        Map<String, String> resolvedValues) {
    /** Refuses a device that the decision does not have. */
    public VmAttachRequest {
        resolvedValues = Map.copyOf(resolvedValues);
        if (decision.device(device).isEmpty()) {
            throw new IllegalArgumentException("VM %s has no device %s".formatted(vm, device));
        }
    }

    /** What was decided for the device. */
    public DeviceDecision deviceDecision() {
        return decision.device(device).orElseThrow();
    }

    /** The device as the guest sees it. */
    public GuestDevice guestDevice() {
        return decision.canonical().device(device).orElseThrow();
    }
}
