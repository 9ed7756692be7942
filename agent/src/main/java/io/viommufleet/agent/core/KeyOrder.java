package io.viommufleet.agent.core;

import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * The order of the leader's records under each key. An epoch lower than the highest seen under a key is refused, and so is a
 * generation that goes back; an old epoch at the head of its key is valid.
 */
final class KeyOrder {
    private record Seen(long epoch, long generation) {}

    private final Map<String, Seen> highest = new HashMap<>();

    /** Takes note of a record, or says why it is stale. */
    Optional<String> admit(String key, long epoch, long generation) {
        Seen seen = highest.getOrDefault(key, new Seen(0, 0));
        if (epoch < seen.epoch()) {
            return Optional.of("stale epoch %d: epoch %d was seen for key '%s'".formatted(epoch, seen.epoch(), key));
        }
        if (generation < seen.generation()) {
            return Optional.of("stale generation %d: generation %d was seen for key '%s'"
                    .formatted(generation, seen.generation(), key));
        }
        highest.put(key, new Seen(epoch, generation));
        return Optional.empty();
    }

    /** A key whose record is gone counts its generations anew; its epoch stays. */
    void restart(String key) {
        highest.computeIfPresent(key, (same, seen) -> new Seen(seen.epoch(), 0));
    }

    /** Everything is to be read again. */
    void clear() {
        highest.clear();
    }
}
