package io.viommufleet.agent.conformance;

import java.io.ByteArrayInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import java.util.zip.GZIPInputStream;

/** Finds traces in directories, {@code .jsonl}, {@code .jsonl.gz} and {@code .tar.gz} files; archives may hold any of these, too. */
final class TraceFiles {
    private static final int TAR_BLOCK = 512;
    private static final int TAR_NAME = 100;
    private static final int TAR_SIZE_AT = 124;
    private static final int TAR_SIZE = 12;
    private static final int TAR_TYPE_AT = 156;
    private static final long MAX_ENTRY_BYTES = 1L << 30;

    private final Visitor visitor;

    private TraceFiles(Visitor visitor) {
        this.visitor = visitor;
    }

    /** What becomes of what is found. */
    interface Visitor {
        /** A trace, by name, with its lines. */
        void trace(String name, List<String> lines);

        /** A file that is cut, damaged, or no trace at all. */
        void unreadable(String name, String why);
    }

    /**
     * Visits every trace with its name and lines, in order of name. What cannot be read is told, and does not keep others from being visited; a file in a
     * directory that does not look like a trace is passed over.
     */
    static void visit(Path path, Visitor visitor) {
        TraceFiles files = new TraceFiles(visitor);
        if (!Files.isDirectory(path) && !isTrace(path.toString())) {
            visitor.unreadable(path.toString(), "is no .jsonl, .jsonl.gz or .tar.gz file");
            return;
        }
        files.visit(path);
    }

    private static boolean isTrace(String name) {
        return name.endsWith(".jsonl") || name.endsWith(".jsonl.gz") || name.endsWith(".tar.gz");
    }

    private void visit(Path path) {
        String name = path.toString();
        try {
            if (Files.isDirectory(path)) {
                entries(path).forEach(this::visit);
            } else if (isTrace(name)) {
                try (InputStream in = Files.newInputStream(path)) {
                    visit(name, in);
                }
            }
        } catch (IOException failure) {
            visitor.unreadable(name, "cannot be read to its end: " + failure.getMessage());
        }
    }

    private static List<Path> entries(Path directory) throws IOException {
        try (Stream<Path> entries = Files.list(directory)) {
            return entries.sorted().toList();
        }
    }

    private void visit(String name, InputStream in) throws IOException {
        if (name.endsWith(".tar.gz")) {
            visitTar(name, new GZIPInputStream(in));
        } else if (name.endsWith(".jsonl.gz")) {
            visitor.trace(name, lines(new GZIPInputStream(in).readAllBytes()));
        } else if (name.endsWith(".jsonl")) {
            visitor.trace(name, lines(in.readAllBytes()));
        }
    }

    private void visitTar(String archive, InputStream in) throws IOException {
        byte[] header = in.readNBytes(TAR_BLOCK);
        while (header.length == TAR_BLOCK && header[0] != 0) {
            String entry = text(header, 0, TAR_NAME);
            int size = size(entry, text(header, TAR_SIZE_AT, TAR_SIZE));
            byte[] content = in.readNBytes(size);
            if (content.length < size) {
                throw new EOFException("it ends inside %s".formatted(entry));
            }
            in.skipNBytes((TAR_BLOCK - size % TAR_BLOCK) % TAR_BLOCK);
            if (isFile(header[TAR_TYPE_AT])) {
                visitEntry(archive + "!" + entry, content);
            }
            header = in.readNBytes(TAR_BLOCK);
        }
        if (header.length < TAR_BLOCK) {
            throw new EOFException("the archive has no end");
        }
    }

    private void visitEntry(String name, byte[] content) {
        try {
            visit(name, new ByteArrayInputStream(content));
        } catch (IOException failure) {
            visitor.unreadable(name, "cannot be read to its end: " + failure.getMessage());
        }
    }

    private static int size(String entry, String octal) throws IOException {
        try {
            long size = Long.parseLong(octal, 8);
            if (size >= 0 && size <= MAX_ENTRY_BYTES) {
                return (int) size;
            }
        } catch (NumberFormatException garbage) {
            // told below
        }
        throw new IOException(
                "%s has the size %s, which is no octal number up to %d bytes".formatted(entry, octal, MAX_ENTRY_BYTES));
    }

    private static boolean isFile(byte type) {
        return type == '0' || type == 0;
    }

    private static List<String> lines(byte[] content) {
        return new String(content, StandardCharsets.UTF_8).lines().toList();
    }

    private static String text(byte[] header, int from, int length) {
        String field = new String(header, from, length, StandardCharsets.US_ASCII);
        int end = field.indexOf('\0');
        return (end < 0 ? field : field.substring(0, end)).strip();
    }
}
