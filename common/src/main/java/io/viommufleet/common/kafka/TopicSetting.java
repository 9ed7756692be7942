package io.viommufleet.common.kafka;

import java.util.Arrays;
import java.util.Set;
import java.util.TreeSet;

/**
 * One setting that the fleet relies on.
 *
 * @param name Kafka's name of it
 * @param value what the fleet creates the topic with
 * @param check what else would do
 */
record TopicSetting(String name, String value, Check check) {
    /** How an existing topic's value is compared. */
    enum Check {
        /** The same words, in any order. */
        EQUAL,
        /** A number that is not lower; -1 is unlimited. */
        AT_LEAST,
        /** Not relied upon: an operator may tune it. */
        FREE
    }

    boolean holds(String found) {
        return switch (check) {
            case EQUAL -> words(found).equals(words(value));
            case AT_LEAST -> atLeast(found);
            case FREE -> true;
        };
    }

    private boolean atLeast(String found) {
        try {
            long number = Long.parseLong(found);
            long wanted = Long.parseLong(value);
            return number == -1 || (wanted != -1 && number >= wanted);
        } catch (NumberFormatException noNumber) {
            return false;
        }
    }

    private static Set<String> words(String text) {
        return new TreeSet<>(Arrays.asList(text.trim().split("\\s*,\\s*")));
    }

    /** What is expected, for messages. */
    String expected() {
        return check == Check.AT_LEAST ? "at least " + value : value;
    }
}
