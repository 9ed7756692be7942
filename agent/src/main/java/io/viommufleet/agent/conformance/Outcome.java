package io.viommufleet.agent.conformance;

import java.util.Map;

/**
 * What the emulation made of one op.
 *
 * @param ret value that the system call would return
 * @param out output fields by name, as the trace writes them: hexadecimal for 64 bits, else decimal
 * @param extras what the op left in the caller's memory or read from a file, as the trace writes it
 */
record Outcome(long ret, Map<String, String> out, Map<String, String> extras) {
    static Outcome of(long ret) {
        return new Outcome(ret, Map.of(), Map.of());
    }

    static Outcome of(long ret, Map<String, String> out) {
        return new Outcome(ret, out, Map.of());
    }

    Outcome with(String extra, String value) {
        return new Outcome(ret, out, Map.of(extra, value));
    }
}
