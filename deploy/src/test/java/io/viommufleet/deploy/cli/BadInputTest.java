package io.viommufleet.deploy.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a user gets for bad input: an exit code, and one clear message without a stack trace. */
class BadInputTest {
    private static final String HOST = """
        kind: Host
        metadata: {name: %s}
        spec:
          kernel: "7.0"
          memory: 8GiB
          iommus: [{id: dmar0, type: intel-vtd, cap: "0x19ed008c40780c66", ecap: "0x3ef9e86f050df"}]
          devices:
            - {bdf: "0000:3b:00.0", vendor: "0x10de", device: "0x2330", class: "0x030200", group: 12, iommu: dmar0}
        %s
        """;
    private static final String VM = """
        kind: VirtualMachine
        metadata: {name: twice}
        spec: {machine: pc-q35-10.2, memory: 1GiB%s}
        """;

    @TempDir
    Path directory;

    private Path host;

    @BeforeEach
    void writeAHost() throws IOException {
        host = file("host.yaml", HOST.formatted("good", ""));
    }

    @Test
    void aBrokerThatIsDownIsExit5AfterTheDeadline() {
        assertClear(CommandRun.of("get", "--bootstrap-server", "localhost:1", "--deadline", "2"), 5, "localhost:1");
    }

    @Test
    void aControllerWithoutABrokerIsExit5() {
        assertClear(
                CommandRun.of("controller", "--bootstrap-server", "localhost:1", "--deadline", "2", "--http-port", "0"),
                5,
                "localhost:1");
    }

    @Test
    void twoDevicesAtOneBdfAreAnError() throws IOException {
        Path twin = file(
                "twin.yaml",
                HOST.formatted(
                        "twin",
                        "    - {bdf: \"0000:3b:00.0\", vendor: \"0x10de\", device: \"0x2330\", class: \"0x030200\"}"));
        assertClear(up("--hosts", twin.toString()), 2, "0000:3b:00.0");
    }

    @Test
    void twoHostsOfOneNameAreAnError() {
        assertClear(up("--hosts", host.toString(), host.toString()), 2, "good");
    }

    @Test
    void twoVmsOfOneNameAreAnError() throws IOException {
        Path first = file("a.yaml", VM.formatted(""));
        Path second = file("b.yaml", VM.formatted(""));
        assertClear(up("--hosts", host.toString(), "--vms", first.toString(), second.toString()), 2, "twice");
    }

    @Test
    void anUnknownYamlKeyIsAnErrorWithTheNearestName() throws IOException {
        Path wrong = file("wrong.yaml", VM.formatted(", devises: []"));
        assertClear(up("--hosts", host.toString(), "--vms", wrong.toString()), 2, "devices");
    }

    @Test
    void aMissingFileIsAnError() {
        CommandRun run = up("--hosts", directory.resolve("nowhere").toString());
        assertThat(run.exitCode()).isIn(2, 3);
        assertThat(run.err()).contains("nowhere").doesNotContain("\tat ");
    }

    private static CommandRun up(String... more) {
        String[] arguments = new String[more.length + 4];
        arguments[0] = "up";
        arguments[1] = "--settle";
        arguments[2] = "--port";
        arguments[3] = "0";
        System.arraycopy(more, 0, arguments, 4, more.length);
        return CommandRun.of(arguments);
    }

    private Path file(String name, String text) throws IOException {
        return Files.writeString(directory.resolve(name), text);
    }

    private static void assertClear(CommandRun run, int exitCode, String named) {
        assertThat(run.exitCode()).as(run.err()).isEqualTo(exitCode);
        assertThat(run.err()).contains(named).doesNotContain("\tat ").doesNotContain("Exception");
        assertThat(run.out()).isEmpty();
    }
}
