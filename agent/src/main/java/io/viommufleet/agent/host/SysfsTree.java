package io.viommufleet.agent.host;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;

/**
 * The {@code sys} and {@code proc} of a host below one directory, read one named file at a time: never walked, because the
 * links of sysfs form cycles. What is absent, dangling, too large, no regular file, or outside the directory is empty.
 */
final class SysfsTree {
    private static final int MAX_BYTES = 64 << 10;

    private final Path root;

    SysfsTree(Path root) {
        this.root = root;
    }

    /** Whether a directory holds a tree at all. */
    static boolean isTree(Path directory) {
        boolean shown = Files.isDirectory(directory.resolve("proc"))
                || Files.isDirectory(directory.resolve("sys/bus/pci"))
                || Files.isDirectory(directory.resolve("sys/class/iommu"));
        return Files.isDirectory(directory.resolve("sys")) && shown;
    }

    /** The text of a file without the white space around it; a file of nothing else is empty too. */
    Optional<String> text(String path) {
        return bytes(path).map(bytes -> new String(bytes, ISO_8859_1).strip()).filter(text -> !text.isEmpty());
    }

    /** The first bytes of a file. */
    Optional<byte[]> bytes(String path) {
        Optional<Path> file = inside(path).filter(Files::isRegularFile);
        if (file.isEmpty()) {
            return Optional.empty();
        }
        try (InputStream in = Files.newInputStream(file.get())) {
            return Optional.of(in.readNBytes(MAX_BYTES));
        } catch (IOException unreadable) {
            return Optional.empty();
        }
    }

    /** The last name of what a link points at, whether or not that exists. */
    Optional<String> linkName(String path) {
        return linkTarget(path).map(Path::getFileName).map(Path::toString);
    }

    /** What a link points at, as written. */
    Optional<Path> linkTarget(String path) {
        Path link = root.resolve(path);
        try {
            boolean reachable =
                    Files.isSymbolicLink(link) && inside(parentOf(path)).isPresent();
            return reachable ? Optional.of(Files.readSymbolicLink(link)) : Optional.empty();
        } catch (IOException unreadable) {
            return Optional.empty();
        }
    }

    /** The names in a directory, sorted; none if there is no such directory. */
    List<String> names(String path) {
        Optional<Path> directory = inside(path).filter(Files::isDirectory);
        if (directory.isEmpty()) {
            return List.of();
        }
        List<String> names = new ArrayList<>();
        try (DirectoryStream<Path> entries = Files.newDirectoryStream(directory.get())) {
            entries.forEach(entry -> names.add(String.valueOf(entry.getFileName())));
        } catch (IOException unreadable) {
            return List.of();
        }
        Collections.sort(names);
        return names;
    }

    /** Whether something is there, be it a dangling link. */
    boolean has(String path) {
        return Files.exists(root.resolve(path), LinkOption.NOFOLLOW_LINKS);
    }

    private static String parentOf(String path) {
        int slash = path.lastIndexOf('/');
        return slash < 0 ? "" : path.substring(0, slash);
    }

    private Optional<Path> inside(String path) {
        try {
            Path real = root.resolve(path).toRealPath();
            return real.startsWith(root.toRealPath()) ? Optional.of(real) : Optional.empty();
        } catch (IOException absent) {
            return Optional.empty();
        }
    }
}
