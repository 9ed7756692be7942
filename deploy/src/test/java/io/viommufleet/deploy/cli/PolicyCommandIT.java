package io.viommufleet.deploy.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.viommufleet.common.model.Policy.Rule;
import io.viommufleet.common.model.PolicyState;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Policies from a file to the log and back, with what a controller made of them. */
class PolicyCommandIT {
    private static final String POLICY = """
        kind: Policy
        metadata: {name: %s}
        spec: {type: quota, tenant: physics, vms: 3, memory: 64GiB%s}
        """;

    @TempDir
    Path directory;

    private ScriptedCell cell;

    @BeforeEach
    void start() throws IOException {
        cell = new ScriptedCell(Files.createDirectory(directory.resolve("broker")));
    }

    @AfterEach
    void stop() {
        cell.close();
    }

    @Test
    void aPolicyIsAskedForRefusedShownAndDeleted() throws IOException {
        Path file = file(POLICY.formatted("physics", ""));
        assertThat(cell.run("apply", file.toString()).out()).contains("policy physics asked for");
        assertThat(cell.run("get", "policies").out()).contains("physics", "Asked for");

        Rule.Quota older = new Rule.Quota("physics", Optional.of(9), Optional.empty(), Optional.of(1L << 40));
        cell.lead(
                0,
                new PolicyState("physics", Optional.of(older), cell.policyDigest("physics"), Optional.of("5 VMs run")));
        assertThat(cell.run("get", "policies").out())
                .contains("Refused", "tenant physics has at most 9 VMs, 1TiB of memory", "5 VMs run");
        assertThat(cell.run("describe", "policy", "physics").out()).contains("tenant: physics", "reason: 5 VMs run");

        assertThat(cell.run("delete", "policy", "physics").exitCode()).isZero();
        assertThat(cell.run("get", "policies", "physics").out()).contains("Asked for");
        cell.lead(0, new PolicyState("physics", Optional.empty(), cell.policyDigest("physics"), Optional.empty()));
        assertThat(cell.run("get", "policies", "physics").out()).contains("Deleted");
    }

    @Test
    void whatIsNoPolicyIsToldAndNothingIsAskedFor() throws IOException {
        CommandRun unknownKey =
                cell.run("apply", file(POLICY.formatted("physics", ", vsm: 4")).toString());
        assertThat(unknownKey.exitCode()).isEqualTo(2);
        assertThat(unknownKey.err()).contains("vms");

        CommandRun unknownKind = cell.run(
                "apply", file("kind: Polcy\nmetadata: {name: physics}\n").toString());
        assertThat(unknownKind.err()).contains("did you mean Policy?");

        String twice = POLICY.formatted("physics", "");
        assertThat(cell.run("apply", file(twice + "---\n" + twice).toString()).err())
                .contains("two policies of cell 0 are named physics");
        assertThat(cell.run("delete", "policy", "nothing").exitCode()).isEqualTo(3);
        assertThat(cell.run("get", "policies", "-o", "json").out()).isEqualToIgnoringWhitespace("[]");
    }

    private Path file(String text) throws IOException {
        return Files.writeString(directory.resolve("policy.yaml"), text);
    }
}
