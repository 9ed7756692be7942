package io.viommufleet.controller.cell;

import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/**
 * When each life of an agent was last heard of, on this leader's own monotonic clock. Soft: it is not on the log, and a new
 * leader starts every timer afresh.
 */
final class Contacts {
    private final long startNanos;
    private final Map<String, Long> lastNanos = new HashMap<>();
    private final Set<String> gone = new HashSet<>();

    /** Of a leader that took over at {@code startNanos}. */
    Contacts(long startNanos) {
        this.startNanos = startNanos;
    }

    void heard(String incarnation, boolean goodbye, long nowNanos) {
        lastNanos.put(incarnation, nowNanos);
        if (goodbye) {
            gone.add(incarnation);
        }
    }

    /** How long the agent has been silent, counted at most from the take-over. */
    long silentNanos(String incarnation, long nowNanos) {
        return nowNanos - lastNanos.getOrDefault(incarnation, startNanos);
    }

    /** Whether the agent said that it will act on nothing more. */
    boolean saidGoodbye(String incarnation) {
        return gone.contains(incarnation);
    }
}
