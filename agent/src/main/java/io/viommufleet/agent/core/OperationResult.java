package io.viommufleet.agent.core;

import io.viommufleet.common.model.AttachFailure;
import java.util.List;
import java.util.Map;

/** How an {@link Operation} ended. */
public sealed interface OperationResult {
    /**
     * It worked, attach or detach.
     *
     * @param unmet wants that the host let go, by flag name; of an attach only
     * @param resolvedValues values that the attach froze, by property path
     */
    record Succeeded(List<String> unmet, Map<String, String> resolvedValues) implements OperationResult {
        public Succeeded {
            unmet = List.copyOf(unmet);
            resolvedValues = Map.copyOf(resolvedValues);
        }
    }

    /** It did not. After an attach the host is as it was before; after a detach its state is unknown. */
    record Failed(AttachFailure failure) implements OperationResult {}

    /** Success with nothing to add. */
    static OperationResult succeeded() {
        return new Succeeded(List.of(), Map.of());
    }
}
