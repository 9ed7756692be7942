package io.viommufleet.agent.host;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HexFormat;

/**
 * A captured tree as one text file, since links cannot be test resources: a line is {@code file PATH TEXT} (newlines as
 * {@code \n}), {@code bytes PATH SIZE HEX} (zeros to the end) or {@code link PATH TARGET}.
 */
final class CapturedTree {
    private static final Path RESOURCES = Path.of("src/test/resources/sysfs");

    private CapturedTree() {}

    static Path resource(String name) {
        return RESOURCES.resolve(name);
    }

    /** Lays the tree out below a directory. */
    static Path unpack(String name, Path directory) throws IOException {
        for (String line : Files.readAllLines(resource(name + ".tree"))) {
            if (!line.startsWith("#")) {
                unpackLine(line, directory);
            }
        }
        return directory;
    }

    private static void unpackLine(String line, Path directory) throws IOException {
        String[] words = line.split(" ", 3);
        Path path = directory.resolve(words[1]);
        String rest = words.length > 2 ? words[2] : "";
        Files.createDirectories(path.getParent());
        switch (words[0]) {
            case "file" -> Files.writeString(path, rest.replace("\\n", "\n") + "\n");
            case "link" -> Files.createSymbolicLink(path, Path.of(rest));
            case "bytes" -> Files.write(path, bytes(rest));
            default -> throw new IllegalArgumentException("a captured tree has no such line: " + line);
        }
    }

    private static byte[] bytes(String sizeAndHex) {
        String[] words = sizeAndHex.split(" ", 2);
        return Arrays.copyOf(HexFormat.of().parseHex(words[1]), Integer.parseInt(words[0]));
    }
}
