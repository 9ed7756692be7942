package io.viommufleet.common.wire;

import static java.nio.charset.StandardCharsets.US_ASCII;

/** Untrusted bytes and text made fit for a message: short, on one line, and without control characters. */
final class Printable {
    private static final int HEAD_BYTES = 256;
    private static final int TEXT_LENGTH = 512;

    private Printable() {}

    /** The first bytes, those outside printable ASCII as {@code \xNN}. */
    static String head(byte[] bytes) {
        StringBuilder text = new StringBuilder();
        for (int at = 0; at < Math.min(bytes.length, HEAD_BYTES); at++) {
            byte one = bytes[at];
            if (one >= ' ' && one <= '~' && one != '\\') {
                text.append(new String(new byte[] {one}, US_ASCII));
            } else {
                text.append("\\x%02x".formatted(one));
            }
        }
        return bytes.length > HEAD_BYTES ? text.append('…').toString() : text.toString();
    }

    /** The text, shortened and without control characters. */
    static String text(String text) {
        StringBuilder shown = new StringBuilder();
        text.codePoints()
                .limit(TEXT_LENGTH)
                .map(one -> Character.isISOControl(one) ? ' ' : one)
                .forEach(shown::appendCodePoint);
        return text.length() > TEXT_LENGTH ? shown.append('…').toString() : shown.toString();
    }
}
