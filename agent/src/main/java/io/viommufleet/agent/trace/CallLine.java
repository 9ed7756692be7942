package io.viommufleet.agent.trace;

import io.viommufleet.agent.uapi.Struct;
import java.util.List;
import java.util.Map;
import tools.jackson.databind.JsonNode;

/**
 * One ioctl on its way into a trace.
 *
 * @param before the struct as the caller passed it, pointers null
 * @param after the struct as the kernel left it
 * @param pointers addresses that the trace gives to the caller's memory, by field
 * @param extras what that memory held, by name
 * @param alwaysOut fields that a trace shows whatever the kernel did with them
 */
record CallLine(
        Struct before,
        Struct after,
        Map<String, Long> pointers,
        Map<String, JsonNode> extras,
        List<String> alwaysOut) {}
