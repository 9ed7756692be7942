package io.viommufleet.common.model;

import java.util.List;
import java.util.Optional;

/**
 * Keeps the cell from acting on lost hosts when so many are lost at once that the fault is more likely elsewhere.
 *
 * @param open why it opened; empty while it is closed
 * @param excused hosts that were silent when a person reset it: while they stay so, they do not open it again
 */
public record Breaker(Optional<String> open, List<String> excused) implements FleetRecord {
    public Breaker {
        excused = List.copyOf(excused);
    }

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
