package io.viommufleet.agent.host;

import java.util.Optional;

/** Reads the numbers of sysfs and procfs; what is none is empty. */
final class Numbers {
    private static final String PREFIX = "0x";

    private Numbers() {}

    /** Hexadecimal with or without 0x, up to 64 bits. */
    static Optional<Long> hex(String text) {
        String digits = text.startsWith(PREFIX) ? text.substring(PREFIX.length()) : text;
        try {
            return digits.startsWith("+") || digits.startsWith("-")
                    ? Optional.empty()
                    : Optional.of(Long.parseUnsignedLong(digits, 16));
        } catch (NumberFormatException garbage) {
            return Optional.empty();
        }
    }

    /** Hexadecimal of at most so many bits. */
    static Optional<Integer> hex(String text, int bits) {
        return hex(text).filter(value -> value >= 0 && value < 1L << bits).map(Long::intValue);
    }

    /** Decimal from 0. */
    static Optional<Integer> natural(String text) {
        try {
            int value = Integer.parseInt(text);
            return value < 0 ? Optional.empty() : Optional.of(value);
        } catch (NumberFormatException garbage) {
            return Optional.empty();
        }
    }

    /** The value of a {@code Name:   123 kB} line, in bytes. */
    static Optional<Long> kibibytes(String lines, String name) {
        return lines.lines()
                .map(String::strip)
                .filter(line -> line.contains(name + ":") && line.endsWith(" kB"))
                .findFirst()
                .map(line -> line.substring(line.indexOf(':') + 1, line.length() - " kB".length())
                        .strip())
                .flatMap(Numbers::longNatural)
                .filter(value -> value < Long.MAX_VALUE >> 10)
                .map(value -> value << 10);
    }

    private static Optional<Long> longNatural(String text) {
        try {
            long value = Long.parseLong(text);
            return value < 0 ? Optional.empty() : Optional.of(value);
        } catch (NumberFormatException garbage) {
            return Optional.empty();
        }
    }
}
