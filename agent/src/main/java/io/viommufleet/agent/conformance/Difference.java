package io.viommufleet.agent.conformance;

/**
 * Where the emulation disagreed with a recording.
 *
 * @param trace file and entry
 * @param op number of the op in the trace
 * @param call name of the op
 * @param input recorded input, as JSON
 * @param field that differs: {@code ret}, an output field or an extra
 * @param expected recorded value
 * @param got the emulation's value
 */
public record Difference(String trace, long op, String call, String input, String field, String expected, String got) {}
