package io.viommufleet.agent.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ConformanceTest {
    private static final Path TRACES = Path.of("src/test/resources/conformance");

    /** Not explained yet: HWPT_INVALIDATE that the kernel refused with EINVAL where the emulation says ENOENT. */
    private static final int UNEXPLAINED = 9;

    @Test
    void agreesWithTheRecordedVfioTracesButForTheKnownDifferences() throws Exception {
        Report report = Conformance.replay(List.of(TRACES));

        assertThat(report.traces()).isEqualTo(490);
        assertThat(report.notReplayed()).isEmpty();
        assertThat(report.differing())
                .hasSize(UNEXPLAINED)
                .allMatch(difference -> difference.call().equals("HWPT_INVALIDATE"));
    }

    @Test
    void reportsAResultThatWasAltered(@TempDir Path directory) throws Exception {
        Path trace = directory.resolve("altered.jsonl");
        Files.writeString(trace, """
            {"hdr":1,"mode":"vfio","env":"intel48","kernel":"6.12.1","cap_ipc_lock":true,"cap_sys_resource":true,"rlimit_memlock":-1,"arena":{"base":"0x100000000000","regions":[]},"devices":[]}
            {"i":0,"op":"CTX_OPEN","ctx":0,"in":{},"ret":3,"out":{}}
            {"i":1,"op":"IOAS_ALLOC","ctx":0,"in":{"size":12,"flags":0},"ret":0,"out":{"out_ioas_id":2}}
            """);

        Report report = Conformance.replay(List.of(trace));

        assertThat(report.differing()).singleElement().satisfies(difference -> {
            assertThat(difference.field()).isEqualTo("out_ioas_id");
            assertThat(difference.expected()).isEqualTo("2");
            assertThat(difference.got()).isEqualTo("1");
        });
    }
}
