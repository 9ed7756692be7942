package io.viommufleet.controller.cell;

import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/**
 * When each life of an agent was last heard of. Soft: it is not on the log, and a new leader starts every timer afresh.
 *
 * <p>Silence counts only while the leader listens: while its reader is at the end of the log and the leader itself is not held
 * up. A leader that is behind, paused or overloaded may have the heartbeats before it, unread; that is no silence of theirs.
 */
final class Contacts {
    /** Of the time between two turns, the leader is taken to have listened for this long at most. */
    private static final long LONGEST_TURN_NANOS = Duration.ofSeconds(1).toNanos();

    private final Map<String, Long> lastHeard = new HashMap<>();
    private final Set<String> gone = new HashSet<>();
    private long turnNanos;
    private long listenedNanos;

    /** Of a leader that took over at {@code startNanos}. */
    Contacts(long startNanos) {
        this.turnNanos = startNanos;
    }

    /**
     * A turn of the leader's loop is over.
     *
     * @param caughtUp whether its reader was at the end of the log
     */
    void listened(boolean caughtUp, long nowNanos) {
        if (caughtUp) {
            listenedNanos += Math.min(nowNanos - turnNanos, LONGEST_TURN_NANOS);
        }
        turnNanos = nowNanos;
    }

    void heard(String incarnation, boolean goodbye) {
        lastHeard.put(incarnation, listenedNanos);
        if (goodbye) {
            gone.add(incarnation);
        }
    }

    /** How long the agent has been silent while the leader listened, counted at most from the take-over. */
    long silentNanos(String incarnation) {
        return listenedNanos - lastHeard.getOrDefault(incarnation, 0L);
    }

    /** Whether the agent said that it will act on nothing more. */
    boolean saidGoodbye(String incarnation) {
        return gone.contains(incarnation);
    }
}
