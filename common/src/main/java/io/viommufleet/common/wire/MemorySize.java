package io.viommufleet.common.wire;

import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Amounts of memory as users write them: {@code 16GiB}, {@code 512MiB}, or a plain number of bytes. */
public final class MemorySize {
    /** The forms, for messages. */
    public static final String ALLOWED = "a number of bytes, or a number with KiB, MiB, GiB or TiB, such as 16GiB";

    private static final Pattern FORM = Pattern.compile("([0-9]{1,19}) ?(B|KiB|MiB|GiB|TiB)?");
    private static final String[] UNITS = {"B", "KiB", "MiB", "GiB", "TiB"};

    private MemorySize() {}

    /** The bytes; empty if the text is no amount of memory or more than a long holds. */
    public static Optional<Long> parse(String text) {
        Matcher matcher = FORM.matcher(text);
        if (!matcher.matches()) {
            return Optional.empty();
        }
        try {
            return Optional.of(Math.multiplyExact(Long.parseLong(matcher.group(1)), unitBytes(matcher.group(2))));
        } catch (ArithmeticException | NumberFormatException tooLarge) {
            return Optional.empty();
        }
    }

    /** The shortest exact spelling, which {@link #parse} reads back. */
    public static String write(long bytes) {
        int unit = bytes == 0 ? 0 : Math.min(Long.numberOfTrailingZeros(bytes) / 10, UNITS.length - 1);
        return (bytes >> (10 * unit)) + (unit == 0 ? "" : UNITS[unit]);
    }

    private static long unitBytes(@Nullable String unit) {
        for (int power = 0; power < UNITS.length; power++) {
            if (UNITS[power].equals(unit)) {
                return 1L << (10 * power);
            }
        }
        return 1;
    }
}
