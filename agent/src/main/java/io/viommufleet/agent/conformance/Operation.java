package io.viommufleet.agent.conformance;

import tools.jackson.databind.JsonNode;

/**
 * One recorded op; only its input is read here.
 *
 * @param node line of the trace
 */
record Operation(JsonNode node) {
    String name() {
        return node.path("op").asString();
    }

    int index(String field) {
        return node.path(field).asInt();
    }

    boolean has(String field) {
        return node.path("in").has(field);
    }

    /** A field of the input that the caller's struct size covers; 0 when it does not. */
    int number(String field, int offset) {
        return Integer.compareUnsigned(number("size"), offset) > 0 ? number(field) : 0;
    }

    int number(String field) {
        return (int) wide(field);
    }

    long wide(String field) {
        JsonNode value = node.path("in").path(field);
        return value.isString() ? Long.parseUnsignedLong(value.asString().substring(2), 16) : value.asLong();
    }

    /** Whether a non-zero byte stands inside the given size but beyond the known struct. */
    boolean hasTail(int size, int known) {
        JsonNode tail = node.path("in").path("_trail");
        int offset = tail.path("off").asInt();
        return tail.isObject() && offset >= known && Integer.compareUnsigned(offset, size) < 0;
    }
}
