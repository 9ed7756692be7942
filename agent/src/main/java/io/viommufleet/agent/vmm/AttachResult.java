package io.viommufleet.agent.vmm;

import io.viommufleet.common.model.AttachFailure;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;

/** How an attach ended. */
public sealed interface AttachResult {
    /**
     * The device is attached.
     *
     * @param ioas id of its IOAS; empty with the legacy backend
     * @param hwpt id of its HWPT; empty for a mediated device and with the legacy backend
     * @param unmet wants that QEMU let go, by flag name
     * @param resolvedValues values that this attach froze, by property path
     */
    record Attached(OptionalInt ioas, OptionalInt hwpt, List<String> unmet, Map<String, String> resolvedValues)
            implements AttachResult {
        /** Keeps copies. */
        public Attached {
            unmet = List.copyOf(unmet);
            resolvedValues = Map.copyOf(resolvedValues);
        }
    }

    /** The device is not attached, and everything is as before. */
    record Failed(AttachFailure failure) implements AttachResult {}
}
