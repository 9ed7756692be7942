package io.viommufleet.agent.host;

import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** Where each value came from, by its name; of one that nobody knows, why. */
final class Sources {
    /** Begins what is said of a value that could not be found out, and counts as "cannot". */
    static final String UNKNOWN = "unknown";

    private final Map<String, String> notes = new TreeMap<>();

    /** Whether what is said of a value is that it is not known. */
    static boolean isUnknown(String note) {
        return note.startsWith(UNKNOWN);
    }

    void note(String value, String source) {
        notes.put(value, source);
    }

    /** Says of a value that it is not known, and why. */
    void unknown(String value, String why) {
        notes.put(value, UNKNOWN + ": " + why);
    }

    /** Notes the source of a value that was found, or why it was not, and hands it on. */
    <T> Optional<T> known(String value, String source, Optional<T> found, String whyNot) {
        if (found.isPresent()) {
            note(value, source);
        } else {
            unknown(value, whyNot);
        }
        return found;
    }

    Map<String, String> all() {
        return Map.copyOf(notes);
    }
}
