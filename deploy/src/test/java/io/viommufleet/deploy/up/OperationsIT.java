package io.viommufleet.deploy.up;

import static org.assertj.core.api.Assertions.assertThat;

import io.viommufleet.agent.host.HostSource;
import io.viommufleet.agent.host.HostSources;
import io.viommufleet.deploy.cli.CommandRun;
import io.viommufleet.deploy.view.FleetState.CellKey;
import io.viommufleet.deploy.view.FleetView;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What operators ask for, carried out by a real controller and the agents of two hosts on a real broker. */
class OperationsIT {
    private static final Duration DEADLINE = Duration.ofSeconds(60);

    @TempDir
    Path directory;

    private LocalFleet fleet;

    @BeforeEach
    void start() throws IOException {
        List<HostSource> hosts = new ArrayList<>();
        for (String name : List.of("first", "second")) {
            hosts.addAll(HostSources.all(file(name, host(name))));
        }
        fleet = LocalFleet.start(
                new LocalFleetSettings(hosts, 1, directory.resolve("data"), 0, Optional.empty(), 1), what -> {});
        await(state -> state.state().admitted(new CellKey<>(0, "first"))
                && state.state().admitted(new CellKey<>(0, "second")));
    }

    @AfterEach
    void stop() {
        fleet.close();
    }

    @Test
    void aColdDrainMovesTheVmAndTheCordonedHostGetsNoOther() throws IOException {
        apply("trainer");
        awaitRunning("trainer");
        String from = hostOf("trainer");
        String to = from.equals("first") ? "second" : "first";

        assertThat(run("drain", from, "--cold", "--dry-run").out()).contains("1 would move", to);
        assertThat(hostOf("trainer")).isEqualTo(from);
        CommandRun live = run("migrate", "trainer", "--to", to);
        assertThat(live.exitCode()).as(live.out()).isEqualTo(4);
        assertThat(live.out()).contains("migration");

        CommandRun drain = run("drain", from, "--cold");
        assertThat(drain.exitCode()).as(drain.out() + drain.err()).isZero();
        awaitRunning("trainer");
        assertThat(hostOf("trainer")).isEqualTo(to);
        assertThat(run("get", "hosts").out()).contains("Cordoned");

        apply("second-trainer");
        await(view -> phase(view, "second-trainer").filter("PENDING"::equals).isPresent());
        assertThat(run("explain", "second-trainer").out()).contains("cordoned", "What is next:");
        assertThat(run("uncordon", from).exitCode()).isZero();
        awaitRunning("second-trainer");
        assertThat(hostOf("second-trainer")).isEqualTo(from);
    }

    @Test
    void aQuotaKeepsATenantsNextVmWaiting() throws IOException {
        Path policy = file("policy", """
            kind: Policy
            metadata: {name: physics}
            spec: {type: quota, tenant: physics, vms: 1}
            """);
        assertThat(run("apply", policy.toString()).exitCode()).isZero();
        await(view -> !view.state().policies().isEmpty());
        apply("one");
        awaitRunning("one");
        apply("two");
        await(view -> phase(view, "two").filter("PENDING"::equals).isPresent());

        assertThat(run("get", "vms", "two").out()).contains("physics");
        assertThat(run("get", "policies").out()).contains("Holds", "at most 1 VMs");
    }

    @Test
    void whatHasEndedCannotBeCancelled() {
        assertThat(run("cordon", "first").exitCode()).isZero();
        String id = run("get", "operations")
                .out()
                .lines()
                .skip(1)
                .findFirst()
                .map(line -> line.substring(0, line.indexOf(' ')))
                .orElseThrow();

        CommandRun cancel = run("cancel", id);

        assertThat(cancel.exitCode()).as(cancel.out()).isEqualTo(4);
        assertThat(cancel.out()).contains("has ended");
        assertThat(run("evacuate", "first").out()).contains("not lost");
    }

    private static String host(String name) {
        return """
            kind: Host
            metadata: {name: %s}
            spec:
              kernel: "7.0"
              vmm: "10.2"
              memory: 64GiB
              kernel-options: ["intel_iommu=on,sm_on"]
              interrupt-remapping: on
              iommus: [{id: dmar0, type: intel-vtd, cap: "0x19ed008c40780c66", ecap: "0x3ef9e86f050df"}]
              devices:
                - {bdf: "0000:3b:00.0", vendor: "0x10de", device: "0x2330", class: "0x030200", group: 12, iommu: dmar0,
                   driver: vfio-pci}
            """.formatted(name);
    }

    private static String machine(String name) {
        return """
            kind: VirtualMachine
            metadata: {name: %s, labels: {tenant: physics}}
            spec:
              machine: pc-q35-10.2
              memory: 4GiB
              buses: [{id: rp1, type: pcie-root-port, parent: pcie.0}]
              devices: [{id: gpu0, match: {vendor: "0x10de"}, bus: rp1}]
            """.formatted(name);
    }

    private void apply(String vm) throws IOException {
        assertThat(run("apply", file(vm, machine(vm)).toString()).exitCode()).isZero();
    }

    private CommandRun run(String... command) {
        List<String> arguments = new ArrayList<>(Arrays.asList(command));
        arguments.addAll(List.of("--bootstrap-server", fleet.bootstrapServers()));
        return CommandRun.of(arguments.toArray(String[]::new));
    }

    private String hostOf(String vm) {
        try (FleetView view = FleetView.open(fleet.connection())) {
            return Objects.requireNonNull(view.state().placements().get(new CellKey<>(0, vm)), vm)
                    .active()
                    .orElseThrow()
                    .host();
        }
    }

    private void awaitRunning(String vm) {
        await(view -> phase(view, vm).filter("RUNNING"::equals).isPresent());
    }

    private static Optional<String> phase(FleetView view, String vm) {
        return Optional.ofNullable(view.state().placements().get(new CellKey<>(0, vm)))
                .map(placement -> placement.phase().name());
    }

    private void await(Predicate<FleetView> reached) {
        try (FleetView view = FleetView.open(fleet.connection())) {
            long deadlineNanos = System.nanoTime() + DEADLINE.toNanos();
            while (!reached.test(view)) {
                assertThat(System.nanoTime()).as("deadline").isLessThan(deadlineNanos);
                view.poll(Duration.ofMillis(200));
            }
        }
    }

    private Path file(String name, String text) throws IOException {
        return Files.writeString(directory.resolve(name + ".yaml"), text);
    }
}
