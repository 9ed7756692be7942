package io.viommufleet.agent.core;

import io.viommufleet.common.model.AttachFailure;
import io.viommufleet.common.model.GuestReport;
import io.viommufleet.common.model.MigrationReport;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** How an {@link Operation} ended. */
public sealed interface OperationResult {
    /**
     * It worked.
     *
     * @param unmet wants that the host let go, by flag name; of an attach only
     * @param resolvedValues values that the attach froze, by property path
     * @param guest what the guest's steps led to, where it was let go
     * @param migration what became of handing the guest over, where that was asked
     */
    record Succeeded(
            List<String> unmet,
            Map<String, String> resolvedValues,
            List<GuestReport> guest,
            Optional<MigrationReport> migration)
            implements OperationResult {
        public Succeeded {
            unmet = List.copyOf(unmet);
            resolvedValues = Map.copyOf(resolvedValues);
            guest = List.copyOf(guest);
        }
    }

    /** An attach that worked. */
    static Succeeded attached(List<String> unmet, Map<String, String> resolvedValues, List<GuestReport> guest) {
        return new Succeeded(unmet, resolvedValues, guest, Optional.empty());
    }

    /** It did not. After an attach the host is as it was before; after a detach its state is unknown. */
    record Failed(AttachFailure failure) implements OperationResult {}

    /** Success with nothing to add. */
    static OperationResult succeeded() {
        return new Succeeded(List.of(), Map.of(), List.of(), Optional.empty());
    }
}
