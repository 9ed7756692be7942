package io.viommufleet.common.feasibility;

import java.util.Map;

/** What a vIOMMU says to a host device. */
public sealed interface HostCheckResult {
    /**
     * The device fits.
     *
     * @param resolvedValues values that this device finalised, by property path
     */
    record Accepted(Map<String, String> resolvedValues) implements HostCheckResult {
        /** Keeps a copy. */
        public Accepted {
            resolvedValues = Map.copyOf(resolvedValues);
        }
    }

    /**
     * The device does not fit.
     *
     * @param check name of the first check that failed
     * @param guestValue what the configuration says
     * @param hostValue what the host has
     * @param rule that the two break, in words
     */
    record Refused(String check, String guestValue, String hostValue, String rule) implements HostCheckResult {
        /** The refusal in a sentence with both values. */
        public String message() {
            return "%s: guest has %s, host has %s; %s".formatted(check, guestValue, hostValue, rule);
        }
    }
}
