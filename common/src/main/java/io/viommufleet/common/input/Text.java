package io.viommufleet.common.input;

import java.util.regex.Pattern;

/** What strangers wrote, made fit for a message. */
final class Text {
    private static final int SHOWN_LENGTH = 80;
    private static final int LINE_LENGTH = 300;
    private static final Pattern SPACE = Pattern.compile("\\s+");
    private static final Pattern CONTROL = Pattern.compile("\\p{Cntrl}");

    private Text() {}

    /** A value in one short line. */
    static String shown(String text) {
        return shorten(text, SHOWN_LENGTH);
    }

    /** A parser's own message in one line. */
    static String oneLine(String text) {
        return shorten(SPACE.matcher(text).replaceAll(" "), LINE_LENGTH);
    }

    /** A name from a file made a legal name of a VM: no slash, no control characters, not too long. */
    static String name(String text) {
        String legal = shorten(text.replace('/', '_'), 200).strip();
        return legal.isBlank() ? "unnamed" : legal;
    }

    private static String shorten(String text, int length) {
        String head = text.length() <= length ? text : text.substring(0, length) + "…";
        return CONTROL.matcher(head).replaceAll("?");
    }
}
