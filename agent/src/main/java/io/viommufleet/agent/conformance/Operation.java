package io.viommufleet.agent.conformance;

import java.util.HexFormat;
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

    /** A number beside the input, such as {@code ctx}. */
    int index(String field) {
        return node.path(field).asInt();
    }

    boolean has(String field) {
        return node.path("in").has(field);
    }

    int number(String field) {
        return (int) wide(field);
    }

    /** A field of the input; 0 when it has none of that name. */
    long wide(String field) {
        JsonNode value = node.path("in").path(field);
        return value.isString() ? Long.parseUnsignedLong(value.asString().substring(2), 16) : value.asLong();
    }

    /** Bytes beside the input, such as {@code data_in}; empty when there are none. */
    byte[] bytes(String extra) {
        return HexFormat.of().parseHex(node.path(extra).asString(""));
    }
}
