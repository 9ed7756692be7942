package io.viommufleet.common.input;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.List;
import java.util.regex.Pattern;

/** The formats of an input, told by its content: a name says nothing. */
public enum InputFormat {
    LIBVIRT_XML,
    QEMU_ARGUMENTS,
    YAML,
    /** None that we know. */
    UNKNOWN;

    private static final Pattern KIND = Pattern.compile("(?m)^\\s*[\"']?(kind|metadata|spec)[\"']?\\s*:");
    private static final Pattern OPTION = Pattern.compile("--?[A-Za-z].*");
    private static final Pattern EMULATOR = Pattern.compile("(.*/)?(qemu|kvm)[^/]*");

    /** The format of some bytes; only their head is looked at, except for YAML's keys. */
    public static InputFormat detect(byte[] bytes) {
        String text = new String(bytes, UTF_8).replace("\uFEFF", "").strip();
        if (text.startsWith("<")) {
            return LIBVIRT_XML;
        }
        if (text.startsWith("{") || text.startsWith("---") || KIND.matcher(text).find()) {
            return YAML;
        }
        return looksLikeArguments(text) ? QEMU_ARGUMENTS : UNKNOWN;
    }

    private static boolean looksLikeArguments(String text) {
        List<String> words = ShellWords.split(text).words();
        return ShellWords.afterAssignments(words).stream()
                .findFirst()
                .filter(first -> OPTION.matcher(first).matches()
                        || EMULATOR.matcher(first).matches())
                .isPresent();
    }
}
