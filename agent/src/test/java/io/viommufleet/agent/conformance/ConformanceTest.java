package io.viommufleet.agent.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
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
}
