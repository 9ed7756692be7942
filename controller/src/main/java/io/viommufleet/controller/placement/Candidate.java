package io.viommufleet.controller.placement;

import io.viommufleet.common.model.VmSpec;
import io.viommufleet.common.viommu.Decision;
import io.viommufleet.common.viommu.GuestDevice;
import java.util.List;
import java.util.Map;

/**
 * A VM to be placed.
 *
 * @param name of the VM
 * @param spec as admitted
 * @param decision as admitted
 * @param resolvedValues frozen by an earlier attach, by property path
 */
public record Candidate(String name, VmSpec spec, Decision.Decided decision, Map<String, String> resolvedValues) {
    public Candidate {
        resolvedValues = Map.copyOf(resolvedValues);
    }

    /** The devices that the guest sees, in their own order. */
    List<GuestDevice> guests() {
        return decision.canonical().devices();
    }
}
