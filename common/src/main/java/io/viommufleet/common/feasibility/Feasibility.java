package io.viommufleet.common.feasibility;

import io.viommufleet.common.model.AttachFailure;
import io.viommufleet.common.model.AttachStep;
import io.viommufleet.common.model.Bdf;
import io.viommufleet.common.model.HostInventory;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Whether a host can do what a VM wants of one of its devices: what the attach path would come to on this host if nothing else were attached. The
 * want itself never depends on it.
 */
public sealed interface Feasibility {
    /**
     * The attach would succeed.
     *
     * @param unmet wants that it would let go, by flag name
     * @param resolvedValues values that it would freeze, by property path
     */
    record Feasible(List<String> unmet, Map<String, String> resolvedValues) implements Feasibility {
        /** Keeps copies. */
        public Feasible {
            unmet = List.copyOf(unmet);
            resolvedValues = Map.copyOf(resolvedValues);
        }
    }

    /**
     * The attach would fail.
     *
     * @param failure with step, errno and reason
     */
    record Infeasible(AttachFailure failure) implements Feasibility {}

    /** Predicts the attach of a VM's device to a host's device. */
    static Feasibility of(FeasibilityRequest request, HostInventory host, Bdf bdf) {
        return AttachPreconditions.verify(request.decision(), host)
                .<Feasibility>map(Infeasible::new)
                .orElseGet(() -> switch (DeviceFacts.find(host, bdf)) {
                    case DeviceFacts.Lookup.Missing(String reason) ->
                        new Infeasible(
                                new AttachFailure(AttachStep.VERIFY, Optional.empty(), Optional.empty(), reason));
                    case DeviceFacts.Lookup.Found(DeviceFacts facts) -> new AttachPrediction(request, facts).predict();
                });
    }
}
