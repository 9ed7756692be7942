package io.viommufleet.agent.host;

import java.util.Map;
import java.util.TreeMap;

/** Where each value came from, by its name; that nobody knows it is said too. */
final class Sources {
    /** Said of a value that could not be found out, and counts as "cannot". */
    static final String UNKNOWN = "unknown";

    private final Map<String, String> notes = new TreeMap<>();

    void note(String value, String source) {
        notes.put(value, source);
    }

    void unknown(String value) {
        notes.put(value, UNKNOWN);
    }

    Map<String, String> all() {
        return Map.copyOf(notes);
    }
}
