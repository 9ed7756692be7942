package io.viommufleet.controller.placement;

import io.viommufleet.common.model.HostDevice;
import io.viommufleet.common.model.HostInventory;
import io.viommufleet.common.viommu.GuestDevice;
import java.util.Optional;

/** Whether a host device could serve a guest device, as far as the host's IOMMU and VMM are concerned. */
public interface DeviceFeasibility {
    /** What stands in the way; empty where nothing does. */
    Optional<Refusal> check(Candidate vm, GuestDevice guest, HostInventory host, HostDevice device);

    /**
     * Why not.
     *
     * @param obstacle {@link Obstacle#CANNOT_NEST} or {@link Obstacle#CANNOT_ATTACH}, or {@link Obstacle#RULES_UNKNOWN}
     * @param reason in words
     */
    record Refusal(Obstacle obstacle, String reason) {}
}
