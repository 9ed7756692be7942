package io.viommufleet.agent.conformance;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.BiConsumer;
import java.util.stream.Stream;
import java.util.zip.GZIPInputStream;

/** Finds traces in directories, {@code .jsonl}, {@code .jsonl.gz} and {@code .tar.gz} files. */
final class TraceFiles {
    private static final int TAR_BLOCK = 512;
    private static final int TAR_NAME = 100;
    private static final int TAR_SIZE_AT = 124;
    private static final int TAR_SIZE = 12;

    private TraceFiles() {}

    /** Visits every trace with its name and lines, in order of name. */
    static void visit(Path path, BiConsumer<String, List<String>> visitor) throws IOException {
        String name = path.toString();
        if (Files.isDirectory(path)) {
            try (Stream<Path> entries = Files.list(path)) {
                for (Path entry : entries.sorted().toList()) {
                    visit(entry, visitor);
                }
            }
        } else if (name.endsWith(".tar.gz")) {
            try (InputStream in = new GZIPInputStream(Files.newInputStream(path))) {
                visitTar(name, in, visitor);
            }
        } else if (name.endsWith(".jsonl.gz")) {
            try (InputStream in = new GZIPInputStream(Files.newInputStream(path))) {
                visitor.accept(name, lines(in.readAllBytes()));
            }
        } else if (name.endsWith(".jsonl")) {
            visitor.accept(name, lines(Files.readAllBytes(path)));
        }
    }

    private static void visitTar(String archive, InputStream in, BiConsumer<String, List<String>> visitor)
            throws IOException {
        byte[] header = in.readNBytes(TAR_BLOCK);
        while (header.length == TAR_BLOCK && header[0] != 0) {
            String entry = text(header, 0, TAR_NAME);
            int size = Integer.parseInt(text(header, TAR_SIZE_AT, TAR_SIZE), 8);
            byte[] content = in.readNBytes(size);
            in.skipNBytes((TAR_BLOCK - size % TAR_BLOCK) % TAR_BLOCK);
            if (entry.endsWith(".jsonl")) {
                visitor.accept(archive + "!" + entry, lines(content));
            }
            header = in.readNBytes(TAR_BLOCK);
        }
    }

    private static List<String> lines(byte[] content) {
        return new String(new ByteArrayInputStream(content).readAllBytes(), StandardCharsets.UTF_8)
                .lines()
                .toList();
    }

    private static String text(byte[] header, int from, int length) {
        String field = new String(header, from, length, StandardCharsets.US_ASCII);
        int end = field.indexOf('\0');
        return (end < 0 ? field : field.substring(0, end)).strip();
    }
}
