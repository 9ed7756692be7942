package io.viommufleet.agent.conformance;

import io.viommufleet.agent.iommufd.Result;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.BiConsumer;

/**
 * What the emulation made of one op.
 *
 * @param ret value that the system call would return
 * @param out output fields and extras by name, as text
 */
record Outcome(long ret, Map<String, String> out) {
    static Outcome of(long ret) {
        return new Outcome(ret, Map.of());
    }

    /** The outcome of a call whose output has fields, on failure too if there is any. */
    static <R> Outcome of(Result<R> result, BiConsumer<R, Map<String, String>> fields) {
        Map<String, String> out = new LinkedHashMap<>();
        R output = result.output();
        if (output != null) {
            fields.accept(output, out);
        }
        return new Outcome(result.code(), out);
    }
}
