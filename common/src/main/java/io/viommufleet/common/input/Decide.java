package io.viommufleet.common.input;

import io.viommufleet.common.input.DecideReport.Entry;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.FileVisitOption;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** Decides the VMs of files, directories and standard input, without a fleet. */
public final class Decide {
    private static final int MAX_FILES = 100_000;
    private static final int MAX_DEPTH = 32;
    private static final String STANDARD_INPUT = "-";

    private final List<Entry> entries = new ArrayList<>();
    private final List<String> skipped = new ArrayList<>();
    private final List<String> failures = new ArrayList<>();

    private Decide() {}

    /**
     * Decides every VM of every argument.
     *
     * @param arguments files, directories, or {@code -} for {@code stdin}
     */
    public static DecideResult run(List<String> arguments, InputStream stdin) {
        Decide decide = new Decide();
        for (String argument : arguments) {
            decide.take(argument, stdin);
        }
        return new DecideResult(decide.entries, decide.skipped, decide.failures, decide.failures.isEmpty() ? 0 : 1);
    }

    private void take(String argument, InputStream stdin) {
        try {
            if (argument.equals(STANDARD_INPUT)) {
                document(STANDARD_INPUT, stdin.readNBytes(Inputs.MAX_BYTES + 1), true);
                return;
            }
            Path path = Path.of(argument);
            if (Files.isDirectory(path)) {
                directory(path);
            } else {
                file(path, true);
            }
        } catch (InvalidPathException noPath) {
            failures.add("%s: no file name".formatted(Text.shown(argument)));
        } catch (IOException | java.io.UncheckedIOException unreadable) {
            failures.add("%s: cannot be read: %s".formatted(argument, Text.oneLine(unreadable.toString())));
        }
    }

    private void directory(Path directory) throws IOException {
        List<Path> files;
        try (Stream<Path> walk = Files.walk(directory, MAX_DEPTH, new FileVisitOption[0])) {
            files = walk.filter(Files::isRegularFile)
                    .limit(MAX_FILES + 1L)
                    .sorted()
                    .toList();
        }
        if (files.size() > MAX_FILES) {
            failures.add("%s: more than %d files".formatted(directory, MAX_FILES));
            return;
        }
        for (Path file : files) {
            try {
                file(file, false);
            } catch (IOException unreadable) {
                failures.add("%s: cannot be read: %s".formatted(file, Text.oneLine(unreadable.toString())));
            }
        }
    }

    private void file(Path file, boolean named) throws IOException {
        try (InputStream in = Files.newInputStream(file)) {
            document(file.toString(), in.readNBytes(Inputs.MAX_BYTES + 1), named);
        }
    }

    private void document(String source, byte[] bytes, boolean named) {
        if (bytes.length > Inputs.MAX_BYTES) {
            failures.add("%s: larger than %d bytes".formatted(source, Inputs.MAX_BYTES));
            return;
        }
        if (InputFormat.detect(bytes) == InputFormat.UNKNOWN) {
            if (named) {
                failures.add("%s: no known format: neither libvirt XML, QEMU arguments nor our YAML".formatted(source));
            } else {
                skipped.add(source);
            }
            return;
        }
        for (ParsedDocument document : Inputs.read(source, bytes)) {
            DecideReport.of(document).ifPresent(entries::add);
        }
    }
}
