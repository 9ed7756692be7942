package io.viommufleet.common.model;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A PCI address with its domain, printed as sysfs prints it ({@code 0000:3b:00.1}).
 *
 * @param domain PCI segment, 0..0xffff
 * @param bus 0..0xff
 * @param device 0..0x1f
 * @param function 0..7
 */
public record Bdf(int domain, int bus, int device, int function) implements Comparable<Bdf> {
    private static final Pattern FORM =
            Pattern.compile("([0-9a-fA-F]{4}):([0-9a-fA-F]{2}):([01][0-9a-fA-F])\\.([0-7])");

    public Bdf {
        if ((domain & ~0xffff) != 0 || (bus & ~0xff) != 0 || (device & ~0x1f) != 0 || (function & ~7) != 0) {
            throw new IllegalArgumentException(
                    "no PCI address: domain=%d bus=%d device=%d function=%d".formatted(domain, bus, device, function));
        }
    }

    /** Reads the sysfs form, domain included. */
    public static Bdf parse(String text) {
        Matcher matcher = FORM.matcher(text);
        if (!matcher.matches()) {
            throw new IllegalArgumentException(
                    "'%s' is no PCI address; the form is DDDD:BB:DD.F, such as 0000:3b:00.1".formatted(text));
        }
        return new Bdf(hex(matcher, 1), hex(matcher, 2), hex(matcher, 3), hex(matcher, 4));
    }

    private static int hex(Matcher matcher, int group) {
        return Integer.parseInt(matcher.group(group), 16);
    }

    @Override
    public int compareTo(Bdf other) {
        return Integer.compare(sortKey(), other.sortKey());
    }

    private int sortKey() {
        return domain << 16 | bus << 8 | device << 3 | function;
    }

    @Override
    public String toString() {
        return "%04x:%02x:%02x.%x".formatted(domain, bus, device, function);
    }
}
