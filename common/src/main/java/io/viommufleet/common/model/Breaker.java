package io.viommufleet.common.model;

import java.util.Optional;

/**
 * Keeps the cell from acting on lost hosts when so many are lost at once that the fault is more likely elsewhere.
 *
 * @param open why it opened; empty while it is closed
 */
public record Breaker(Optional<String> open) implements FleetRecord {
    /** Its one key in a cell. */
    public static final String KEY = "breaker";

    @Override
    public FleetTopic topic() {
        return FleetTopic.PROGRESS;
    }

    @Override
    public String key() {
        return KEY;
    }
}
