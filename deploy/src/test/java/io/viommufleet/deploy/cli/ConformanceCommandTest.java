package io.viommufleet.deploy.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The conformance command as its user meets it: exit codes, text and JSON. */
class ConformanceCommandTest {
    private static final String TRACE = """
        {"hdr":1,"mode":"mock","env":"mock","kernel":"6.12.1","arena":{"base":"0x100000000000","regions":[]},"devices":[]}
        {"i":0,"op":"CTX_OPEN","ctx":0,"in":{},"ret":3,"out":{}}
        {"i":1,"op":"IOAS_ALLOC","ctx":0,"in":{"size":12,"flags":0},"ret":0,"out":{"out_ioas_id":1}}
        {"i":2,"op":"TEST_MOCK_DOMAIN","ctx":0,"in":{"size":72,"test_op":2,"id":1},"ret":0,"out":{"out_stdev_id":2,"out_hwpt_id":4,"out_idev_id":3}}
        {"i":3,"op":"DESTROY","ctx":0,"in":{"size":8,"id":1},"ret":-16,"out":{}}
        {"end":1,"ok":3,"err":1}
        """;

    @TempDir
    Path directory;

    @Test
    void aTraceThatAgreesIsExit0WithTotalsPerCallAndErrno() throws IOException {
        CommandRun run = CommandRun.of("conformance", trace(TRACE));

        assertThat(run.exitCode()).isZero();
        assertThat(run.out())
                .contains("DESTROY", "EBUSY 1", "1 traces, 4 ops, 0 differences, 0 tolerated")
                .contains("IOAS_ALLOC");
    }

    @Test
    void oneAlteredResultIsToldWithItsOpAndExit1() throws IOException {
        CommandRun run = CommandRun.of("conformance", trace(TRACE.replace("\"ret\":-16", "\"ret\":0")), "-o", "json");
        JsonNode tree = new JsonMapper().readTree(run.out());

        assertThat(run.exitCode()).isEqualTo(1);
        assertThat(tree.path("differences").asInt()).isEqualTo(1);
        JsonNode difference = tree.path("differing").path(0);
        assertThat(difference.path("op").asInt()).isEqualTo(3);
        assertThat(difference.path("call").asString()).isEqualTo("DESTROY");
        assertThat(difference.path("field").asString()).isEqualTo("ret");
        assertThat(difference.path("expected").asString()).isEqualTo("0");
        assertThat(difference.path("got").asString()).isEqualTo("-16");
        assertThat(difference.path("trace").asString()).contains("trace.jsonl");
        assertThat(difference.path("input").asString()).contains("\"id\":1");
    }

    @Test
    void whatIsNoTraceIsToldAndExit1() throws IOException {
        assertThat(CommandRun.of("conformance", directory.resolve("missing").toString())
                        .err())
                .contains("missing", "cannot be read");
        CommandRun empty = CommandRun.of("conformance", directory.toString());
        assertThat(empty.exitCode()).isEqualTo(1);
        assertThat(empty.err()).contains("no traces");
        CommandRun cut = CommandRun.of("conformance", trace("{\"hdr\":1,"));
        assertThat(cut.exitCode()).isEqualTo(1);
        assertThat(cut.out()).contains("line 1");
    }

    private String trace(String text) throws IOException {
        return Files.writeString(directory.resolve("trace.jsonl"), text).toString();
    }
}
