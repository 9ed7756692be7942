package io.viommufleet.common.input;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A file of QEMU arguments, as a shell would read them. It may begin with NAME=value words and the emulator's path. */
public final class QemuArgumentsParser {
    private static final Pattern EMULATOR = Pattern.compile("(?:.*/)?qemu-system-([a-z0-9_]+)");

    private QemuArgumentsParser() {}

    /** Reads the VM of a file. */
    public static ParsedDocument read(String source, byte[] bytes) {
        ShellWords shell = ShellWords.split(new String(bytes, UTF_8).replace("\uFEFF", ""));
        QemuMachine machine = new QemuMachine();
        if (shell.unclosedQuote()) {
            machine.error("", "", "unclosed-quote", "the arguments end within quotes");
        }
        List<String> words = ShellWords.afterAssignments(shell.words());
        if (!words.isEmpty() && !words.getFirst().startsWith("-")) {
            machine.architecture = architecture(words.getFirst());
            words = words.subList(1, words.size());
        }
        new QemuOptions(machine).take(words);
        return VmAssembly.assemble(source, machine);
    }

    private static Optional<String> architecture(String emulator) {
        Matcher matcher = EMULATOR.matcher(emulator);
        return matcher.matches() ? Optional.of(matcher.group(1)) : Optional.empty();
    }
}
