package io.viommufleet.controller.placement;

import io.viommufleet.common.model.VmSpec;
import io.viommufleet.common.viommu.Decision;
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
}
