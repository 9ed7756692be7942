package io.viommufleet.agent.conformance;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ConformanceTest {
    private static final Path TRACES = Path.of("src/test/resources/conformance");

    @Test
    void agreesWithEveryRecordedTrace() throws Exception {
        Report report = Conformance.replay(List.of(TRACES));

        assertThat(report.traces()).isEqualTo(830);
        assertThat(report.unreadable()).isEmpty();
        assertThat(report.differing()).isEmpty();
        assertThat(report.undetermined()).as("three recordings lack an input").isEqualTo(7);
        assertThat(report.tolerated())
                .as("faults read too early, and sizes of page-table entries")
                .isEqualTo(53);
    }

    @Test
    void reportsAResultThatWasAltered(@TempDir Path directory) throws Exception {
        Path trace = directory.resolve("altered.jsonl");
        Files.writeString(trace, """
            {"hdr":1,"mode":"vfio","env":"intel48","kernel":"6.12.1","cap_ipc_lock":true,"cap_sys_resource":true,"rlimit_memlock":-1,"arena":{"base":"0x100000000000","regions":[]},"devices":[]}
            {"i":0,"op":"CTX_OPEN","ctx":0,"in":{},"ret":3,"out":{}}
            {"i":1,"op":"IOAS_ALLOC","ctx":0,"in":{"size":12,"flags":0},"ret":0,"out":{"out_ioas_id":2}}
            {"end":1,"ok":2,"err":0}
            """);

        Report report = Conformance.replay(List.of(trace));

        assertThat(report.differing()).singleElement().satisfies(difference -> {
            assertThat(difference.field()).isEqualTo("out_ioas_id");
            assertThat(difference.expected()).isEqualTo("2");
            assertThat(difference.got()).isEqualTo("1");
        });
    }

    @Test
    void saysWhichTraceItCannotReplayAndWhy(@TempDir Path directory) throws Exception {
        String header = """
            {"hdr":1,"mode":"vfio","env":"intel48","kernel":"6.12.1","arena":{"base":"0x100000000000","regions":[]},"devices":[]}
            """;
        Files.writeString(directory.resolve("1-cut.jsonl"), header);
        Files.writeString(directory.resolve("2-short.jsonl"), header + "{\"end\":1,\"ok\":3,\"err\":0}\n");
        Files.writeString(
                directory.resolve("3-unknown.jsonl"), header + "{\"i\":0,\"op\":\"FLY\",\"ctx\":0,\"in\":{}}\n");
        Files.writeString(directory.resolve("4-machine.jsonl"), header.replace("intel48", "abacus"));
        Files.writeString(directory.resolve("5-garbage.jsonl"), header + "{\"i\":");
        Files.writeString(directory.resolve("6-empty.jsonl"), "");

        Report report = Conformance.replay(List.of(directory));

        assertThat(report.agrees()).isFalse();
        assertThat(report.unreadable().stream().map(Report.Unreadable::message))
                .satisfiesExactly(
                        message -> assertThat(message).contains("no end line"),
                        message -> assertThat(message).contains("3 ops, but it has 0"),
                        message -> assertThat(message).contains("line 2", "FLY"),
                        message -> assertThat(message).contains("line 1", "abacus", "intel48"),
                        message -> assertThat(message).contains("line 2"),
                        message -> assertThat(message).contains("empty"));
    }

    @Test
    void aDamagedFileDoesNotKeepTheOthersFromBeingReplayed(@TempDir Path directory) throws Exception {
        byte[] archive = Files.readAllBytes(TRACES.resolve("vfio-virtio.tar.gz"));
        byte[] trace = gzip("{\"hdr\":1}\n".repeat(1000).getBytes(US_ASCII));
        Files.write(directory.resolve("1-cut.tar.gz"), Arrays.copyOf(archive, archive.length / 2));
        Files.write(directory.resolve("2-cut.jsonl.gz"), Arrays.copyOf(trace, trace.length - 12));
        Files.writeString(directory.resolve("3-plain.tar.gz"), "this is no archive");
        Files.write(directory.resolve("4-size.tar.gz"), gzip(tarEntry("a.jsonl", "77777777777", new byte[0])));
        Files.write(directory.resolve("5-letters.tar.gz"), gzip(tarEntry("a.jsonl", "a lot", new byte[0])));
        Files.write(directory.resolve("6-end.tar.gz"), gzip(tarEntry("a.jsonl", "5000", new byte[10])));
        Files.writeString(directory.resolve("README.md"), "passed over");
        Files.write(directory.resolve("whole.tar.gz"), archive);

        Report report = Conformance.replay(List.of(directory));

        assertThat(report.traces()).isGreaterThanOrEqualTo(10);
        assertThat(report.differing()).isEmpty();
        assertThat(report.unreadable().stream()
                        .filter(unreadable -> !unreadable.trace().contains("!"))
                        .map(unreadable ->
                                directory.relativize(Path.of(unreadable.trace())) + ": " + unreadable.message()))
                .satisfiesExactly(
                        message -> assertThat(message).startsWith("1-cut.tar.gz: cannot be read to its end"),
                        message -> assertThat(message).startsWith("2-cut.jsonl.gz: cannot be read to its end"),
                        message -> assertThat(message)
                                .startsWith("3-plain.tar.gz: cannot be read")
                                .contains("GZIP"),
                        message ->
                                assertThat(message).startsWith("4-size.tar.gz").contains("a.jsonl", "77777777777"),
                        message -> assertThat(message)
                                .startsWith("5-letters.tar.gz")
                                .contains("a.jsonl", "a lot"),
                        message ->
                                assertThat(message).startsWith("6-end.tar.gz").contains("ends inside a.jsonl"));
    }

    @Test
    void replaysWhatIsPackedIntoAnArchiveOnceMore(@TempDir Path directory) throws Exception {
        byte[] trace = "{\"hdr\":1}".getBytes(US_ASCII);
        byte[] inner = gzip(tarEntry("inner.jsonl", "12", trace));
        byte[] outer = gzip(tarEntry("inner.tar.gz", Integer.toOctalString(inner.length), inner));
        Files.write(directory.resolve("outer.tar.gz"), outer);
        Files.write(
                directory.resolve("packed.tar.gz"),
                gzip(tarEntry("packed.jsonl.gz", Integer.toOctalString(gzip(trace).length), gzip(trace))));

        Report report = Conformance.replay(List.of(directory));

        assertThat(report.traces()).isEqualTo(2);
        assertThat(report.unreadable().stream().map(Report.Unreadable::trace))
                .satisfiesExactly(
                        name -> assertThat(name).endsWith("outer.tar.gz!inner.tar.gz!inner.jsonl"),
                        name -> assertThat(name).endsWith("packed.tar.gz!packed.jsonl.gz"));
    }

    @Test
    void aFileThatIsNamedButNoTraceIsTold(@TempDir Path directory) throws Exception {
        Path readme = Files.writeString(directory.resolve("README.md"), "text");

        Report report = Conformance.replay(List.of(readme, TRACES.resolve("vfio-virtio.tar.gz")));

        assertThat(report.agrees()).isFalse();
        assertThat(report.unreadable())
                .singleElement()
                .satisfies(unreadable -> assertThat(unreadable.message()).contains(".jsonl"));
    }

    @Test
    void numbersBeyondAllMemoryEndOneTraceAtMost(@TempDir Path directory) throws Exception {
        String head = """
            {"hdr":1,"mode":"mock","env":"mock","kernel":"7.0.0","arena":{"base":"0x100000000000","regions":[]},"devices":[]}
            {"i":0,"op":"CTX_OPEN","ctx":0,"in":{},"ret":3,"out":{}}
            {"i":1,"op":"FAULT_QUEUE_ALLOC","ctx":0,"in":{"size":16,"flags":0},"ret":0,"out":{"out_fault_id":1,"out_fault_fd":4}}
            """;
        String end = "{\"end\":1,\"ok\":2,\"err\":1}\n";
        Files.writeString(
                directory.resolve("1-size.jsonl"),
                head
                        + "{\"i\":2,\"op\":\"DESTROY\",\"ctx\":0,\"in\":{\"size\":2147483647,\"id\":9},\"ret\":-14,\"out\":{}}\n"
                        + end);
        Files.writeString(
                directory.resolve("2-trail.jsonl"),
                head
                        + "{\"i\":2,\"op\":\"DESTROY\",\"ctx\":0,\"in\":{\"size\":8,\"_trail\":{\"off\":2147483646,\"val\":1}}}\n");
        Files.writeString(
                directory.resolve("3-count.jsonl"),
                head + "{\"i\":2,\"op\":\"FAULT_WRITE\",\"ctx\":0,\"in\":{\"fd\":4,\"count\":2147483647}}\n");
        Files.writeString(
                directory.resolve("4-negative.jsonl"),
                head + "{\"i\":2,\"op\":\"FAULT_READ\",\"ctx\":0,\"in\":{\"fd\":4,\"count\":-40}}\n");

        Report report = Conformance.replay(List.of(directory));

        assertThat(report.traces()).isEqualTo(4);
        assertThat(report.differing()).isEmpty();
        assertThat(report.unreadable().stream().map(Report.Unreadable::message))
                .satisfiesExactly(
                        message -> assertThat(message).contains("line 4", "_trail", "2147483646"),
                        message -> assertThat(message).contains("line 4", "count", "2147483647"),
                        message -> assertThat(message).contains("line 4", "count", "-40"));
    }

    private static byte[] gzip(byte[] content) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (GZIPOutputStream out = new GZIPOutputStream(bytes)) {
            out.write(content);
        }
        return bytes.toByteArray();
    }

    /** An archive of one entry, whose header says whatever size. */
    private static byte[] tarEntry(String name, String size, byte[] content) {
        int padded = (content.length + 511) / 512 * 512;
        ByteBuffer tar = ByteBuffer.allocate(512 + padded + 1024);
        tar.put(0, name.getBytes(US_ASCII)).put(124, size.getBytes(US_ASCII)).put(156, (byte) '0');
        tar.put(512, content);
        return content.length == 10 ? Arrays.copyOf(tar.array(), 522) : tar.array();
    }
}
