package io.viommufleet.deploy.up;

import static org.assertj.core.api.Assertions.assertThat;

import io.viommufleet.deploy.broker.BrokerSettings;
import io.viommufleet.deploy.broker.EmbeddedBroker;
import io.viommufleet.deploy.cli.CommandRun;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** What an agent asked of the kernel for a VM can be read from the log, and replayed. */
class TraceIT {
    private static final Path EXAMPLES = Path.of("examples");

    @Test
    void anAttachmentsCallsAreOnTheLogAndReplayWithoutADifference(@TempDir Path directory) throws IOException {
        try (EmbeddedBroker broker = EmbeddedBroker.start(BrokerSettings.local(directory.resolve("broker")))) {
            String servers = broker.bootstrapServers();
            CommandRun up = CommandRun.of(
                    "up",
                    "--settle",
                    "--bootstrap-server",
                    servers,
                    "--hosts",
                    EXAMPLES.resolve("hosts").toString(),
                    "--vms",
                    EXAMPLES.resolve("vms/guest-activity.yaml").toString());
            assertThat(up.exitCode()).as(up.err()).isZero();

            for (String vm : new String[] {"guest-vtd", "guest-smmu", "guest-virtio"}) {
                replays(directory, servers, vm);
            }

            CommandRun told = CommandRun.of("explain", "guest-vtd", "--trace", "--bootstrap-server", servers);
            assertThat(told.exitCode()).as(told.err()).isZero();
            assertThat(told.out())
                    .contains("What its VMM asked of the kernel:")
                    .containsPattern("BIND +DEV_BIND .*iommufd=")
                    .containsPattern("HWPT_ALLOC +HWPT_ALLOC .*flags=1");
            JsonNode tree = new JsonMapper()
                    .readTree(CommandRun.of(
                                    "explain", "guest-vtd", "--trace", "-o", "json", "--bootstrap-server", servers)
                            .out());
            assertThat(tree.path("trace").size()).isGreaterThan(10);
        }
    }

    private static void replays(Path directory, String servers, String vm) throws IOException {
        CommandRun lines = CommandRun.of("explain", vm, "--jsonl", "--bootstrap-server", servers);
        assertThat(lines.exitCode()).as(lines.err()).isZero();
        Path file = Files.writeString(directory.resolve(vm + ".jsonl"), lines.out());

        CommandRun replayed = CommandRun.of("conformance", file.toString());
        assertThat(replayed.exitCode()).as(vm + ": " + replayed.out()).isZero();
        assertThat(replayed.out()).contains("1 traces", " 0 differences");
    }
}
