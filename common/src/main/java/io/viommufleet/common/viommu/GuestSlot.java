package io.viommufleet.common.viommu;

import java.util.Comparator;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Where a device sits on its guest bus.
 *
 * @param device 0 to 31
 * @param function 0 to 7
 */
public record GuestSlot(int device, int function) implements Comparable<GuestSlot> {
    private static final Pattern TEXT = Pattern.compile("(?:0[xX])?([0-9a-fA-F]{1,2})(?:\\.(?:0[xX])?([0-7]))?");
    private static final Comparator<GuestSlot> ORDER =
            Comparator.comparingInt(GuestSlot::device).thenComparingInt(GuestSlot::function);

    public GuestSlot {
        if (device < 0 || device > 31 || function < 0 || function > 7) {
            throw new IllegalArgumentException(
                    "guest slot is out of range: device=%s (0 to 31) function=%s (0 to 7)".formatted(device, function));
        }
    }

    /** Reads QEMU's {@code addr} ({@code 1f}, {@code 0x1f}, {@code 1f.7}; always hexadecimal); empty if it is none. */
    public static Optional<GuestSlot> parse(String text) {
        Matcher matcher = TEXT.matcher(text);
        if (!matcher.matches()) {
            return Optional.empty();
        }
        int device = Integer.parseInt(matcher.group(1), 16);
        int function = matcher.group(2) == null ? 0 : Integer.parseInt(matcher.group(2));
        return device > 31 ? Optional.empty() : Optional.of(new GuestSlot(device, function));
    }

    @Override
    public int compareTo(GuestSlot other) {
        return ORDER.compare(this, other);
    }

    /** {@code 1f.7}, as {@link #parse} reads it. */
    @Override
    public String toString() {
        return "%02x.%s".formatted(device, function);
    }
}
