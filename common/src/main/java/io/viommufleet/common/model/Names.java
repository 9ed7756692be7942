package io.viommufleet.common.model;

import java.util.regex.Pattern;

/** What a host, a VM or a device may be called. Names become Kafka keys, so {@code /} separates and may not occur in them. */
public final class Names {
    private static final Pattern HOST = Pattern.compile("[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?");
    private static final int MAX_LENGTH = 255;

    private Names() {}

    /** A host name: letters, digits, dot, dash and underscore, at most 63, as in DNS. */
    public static String requireHost(String name) {
        if (!HOST.matcher(name).matches()) {
            throw new IllegalArgumentException(
                    "'%s' is no host name; allowed: 1 to 63 letters, digits, '.', '_' and '-', with a letter or digit at both ends"
                            .formatted(printable(name)));
        }
        return name;
    }

    /** The name of a VM or the id of a device: 1 to 255 characters, any but {@code /} and control characters. */
    public static String requireName(String what, String name) {
        boolean bad = name.isBlank()
                || name.length() > MAX_LENGTH
                || name.codePoints().anyMatch(c -> c == '/' || Character.isISOControl(c));
        if (bad) {
            throw new IllegalArgumentException(
                    "'%s' is no %s; allowed: 1 to %d characters without '/' and control characters"
                            .formatted(printable(name), what, MAX_LENGTH));
        }
        return name;
    }

    private static String printable(String name) {
        String shown = name.codePoints()
                .limit(64)
                .map(c -> Character.isISOControl(c) ? '?' : c)
                .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
                .toString();
        return shown.length() < name.length() ? shown + "…" : shown;
    }
}
