package io.viommufleet.common.feasibility;

import io.viommufleet.common.viommu.Decision;
import io.viommufleet.common.viommu.DeviceDecision;
import io.viommufleet.common.viommu.GuestDevice;
import java.util.Map;

/**
 * What shall be attached, without saying where.
 *
 * @param decision of the whole VM
 * @param device one of its devices
 * @param memoryBytes guest RAM
 * @param strict wants that QEMU would let go unmet count as infeasible
 * @param resolvedValues values that an earlier attach froze, by property path
 */
public record FeasibilityRequest(
        Decision.Decided decision,
        String device,
        long memoryBytes,
        boolean strict,
        Map<String, String> resolvedValues) {
    /** Keeps a copy. */
    public FeasibilityRequest {
        resolvedValues = Map.copyOf(resolvedValues);
    }

    DeviceDecision deviceDecision() {
        return decision.device(device)
                .orElseThrow(() -> new IllegalArgumentException("the VM has no device " + device));
    }

    GuestDevice guestDevice() {
        return decision.canonical().device(device).orElseThrow();
    }
}
