package io.viommufleet.agent.core;

import io.viommufleet.common.model.AttachFailure;
import io.viommufleet.common.model.GuestReport;
import java.util.List;
import java.util.Map;

/** How an {@link Operation} ended. */
public sealed interface OperationResult {
    /**
     * It worked, attach or detach.
     *
     * @param unmet wants that the host let go, by flag name; of an attach only
     * @param resolvedValues values that the attach froze, by property path
     * @param guest what the guest's steps led to, where the attach completed the VM
     */
    record Succeeded(List<String> unmet, Map<String, String> resolvedValues, List<GuestReport> guest)
            implements OperationResult {
        public Succeeded {
            unmet = List.copyOf(unmet);
            resolvedValues = Map.copyOf(resolvedValues);
            guest = List.copyOf(guest);
        }
    }

    /** It did not. After an attach the host is as it was before; after a detach its state is unknown. */
    record Failed(AttachFailure failure) implements OperationResult {}

    /** Success with nothing to add. */
    static OperationResult succeeded() {
        return new Succeeded(List.of(), Map.of(), List.of());
    }
}
