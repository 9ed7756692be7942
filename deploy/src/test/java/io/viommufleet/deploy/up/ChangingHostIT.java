package io.viommufleet.deploy.up;

import static org.assertj.core.api.Assertions.assertThat;

import io.viommufleet.agent.app.AgentApp;
import io.viommufleet.agent.app.AgentConfig;
import io.viommufleet.agent.host.HostSources;
import io.viommufleet.agent.vmm.EmulatedHost;
import io.viommufleet.common.kafka.KafkaConnection;
import io.viommufleet.common.kafka.Partitions;
import io.viommufleet.common.model.AttachmentId;
import io.viommufleet.common.model.DeviceState;
import io.viommufleet.common.model.HostFault;
import io.viommufleet.common.model.HostInventory;
import io.viommufleet.common.model.HostState;
import io.viommufleet.common.model.Outcome;
import io.viommufleet.common.model.Phase;
import io.viommufleet.common.model.Placement;
import io.viommufleet.common.model.Placement.Attempt;
import io.viommufleet.common.model.Placement.FailureKind;
import io.viommufleet.controller.app.ControllerApp;
import io.viommufleet.controller.app.ControllerConfig;
import io.viommufleet.controller.cell.CellSettings;
import io.viommufleet.deploy.broker.BrokerSettings;
import io.viommufleet.deploy.broker.EmbeddedBroker;
import io.viommufleet.deploy.cli.CommandRun;
import io.viommufleet.deploy.view.FleetState;
import io.viommufleet.deploy.view.FleetState.CellKey;
import io.viommufleet.deploy.view.FleetView;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A host that changes under its VM: devices come and go while it runs, and it can do less after a reboot. */
class ChangingHostIT {
    private static final Duration DEADLINE = Duration.ofSeconds(60);
    private static final CellKey<String> HOST = new CellKey<>(0, "changing");
    private static final CellKey<String> TRAINER = new CellKey<>(0, "trainer");
    private static final String NESTS = "0x3ef9e86f050df";
    private static final String NEVER_NESTS = "0x3ef9e82f050df";
    private static final String LOST = "gpu0 on changing: OPEN_CDEV ENODEV: 0000:3b:00.0 is gone from host changing";
    private static final String GPU =
            "{bdf: \"0000:3b:00.0\", vendor: \"0x10de\", device: \"0x2330\", class: \"0x030200\", group: 12, iommu:"
                    + " dmar0, driver: %s}";

    @TempDir
    Path directory;

    private EmbeddedBroker broker;
    private ControllerApp controller;

    @BeforeEach
    void start() {
        broker = EmbeddedBroker.start(BrokerSettings.local(directory.resolve("broker")));
        controller = ControllerApp.start(new ControllerConfig(
                "controller-0",
                kafka(),
                Optional.of(new Partitions(1, 1)),
                1,
                true,
                CellSettings.DEFAULT,
                "localhost",
                0));
    }

    @AfterEach
    void stop() {
        controller.close();
        broker.close();
    }

    @Test
    void callsOutARebootWithANarrowerRegisterWithTheVmThatItStrands() throws IOException, InterruptedException {
        host(NESTS, GPU.formatted("vfio-pci"));
        apply();
        try (FleetView view = FleetView.open(kafka())) {
            try (AgentApp _ = AgentApp.start(config())) {
                await(view, Phase.RUNNING);
            }
            host(NEVER_NESTS, GPU.formatted("vfio-pci"));
            try (AgentApp _ = AgentApp.start(config().rebooted())) {
                assertThat(awaitAttempt(view).kind()).isEqualTo(FailureKind.CONFIGURATION);

                HostState state = view.state().hostState(HOST).orElseThrow();
                assertThat(state.drift()).hasValueSatisfying(drift -> {
                    assertThat(drift.changes())
                            .singleElement()
                            .satisfies(change -> assertThat(change.words())
                                    .isEqualTo("iommu dmar0 nesting: no: ECAP.NEST (bit 26) is clear, was yes"));
                    assertThat(drift.stranded())
                            .singleElement()
                            .satisfies(stranded -> assertThat(stranded.words())
                                    .startsWith("VM trainer, gpu0 = 0000:3b:00.0: HWPT_ALLOC EOPNOTSUPP: ")
                                    .contains("ECAP.NEST (bit 26) is clear"));
                });
                assertThat(run("get", "hosts")).contains("1 change, strands trainer");
                assertThat(run("describe", "host", "changing"))
                        .contains("drift:")
                        .contains("iommu dmar0 nesting");
                assertThat(run("explain", "trainer"))
                        .contains("stranded: host changing changed with boot")
                        .contains("ECAP.NEST (bit 26) is clear");
                assertThat(metrics(controller.url()))
                        .contains("viommu_hosts_drifted{cell=\"0\"} 1.0")
                        .contains("viommu_vms_stranded{cell=\"0\"} 1.0");
            }
        }
    }

    @Test
    void placesAVmOnADeviceThatIsPluggedInAndFailsItWhenAnotherDriverTakesTheDevice() throws IOException {
        host(NESTS, "");
        apply();
        try (FleetView view = FleetView.open(kafka());
                AgentApp _ = AgentApp.start(config())) {
            await(view, Phase.PENDING);

            host(NESTS, GPU.formatted("vfio-pci"));
            await(view, Phase.RUNNING);

            host(NESTS, GPU.formatted("nvidia"));
            assertThat(await(view, Phase.FAILED).reason())
                    .isEqualTo("gpu0 on changing: OPEN_CDEV ENODEV: 0000:3b:00.0 was taken from the VM: its driver is"
                            + " nvidia now");
            assertThat(view.state().hostState(HOST).flatMap(HostState::drift)).isEmpty();
        }
    }

    @Test
    void failsTheVmWhenItsDeviceIsPulledOutAfterACallAndPublishesTheHostWithoutIt() throws IOException {
        host(NESTS, GPU.formatted("vfio-pci"), "{call: 5, lose: \"0000:3b:00.0\"}");
        apply();
        try (FleetView view = FleetView.open(kafka());
                AgentApp _ = AgentApp.start(config())) {
            assertThat(await(view, Phase.FAILED).reason()).isEqualTo(LOST);

            assertThat(awaitHost(view, host -> host.devices().isEmpty()).faults())
                    .extracting(HostFault::words)
                    .containsExactly("after call number 5 device 0000:3b:00.0 is gone");
            assertThat(run("describe", "host", "changing"))
                    .contains("after call number 5 device 0000:3b:00.0 is gone")
                    .doesNotContain("bdf:");
        }
    }

    @Test
    void failsASlowAttachInOneGoWhenItsDeviceIsPulledOutBeforeItsEnd() throws IOException, InterruptedException {
        host(
                NESTS,
                GPU.formatted("vfio-pci"),
                "{call: 5, lose: \"0000:3b:00.0\"}, {ioctl: IOAS_MAP, nth: 1, slow: 2s}");
        apply();
        try (FleetView view = FleetView.open(kafka());
                AgentApp agent = AgentApp.start(config())) {
            Attempt attempt = awaitAttempt(view);
            assertThat("gpu0 on changing: " + attempt.reason().substring("gpu0: ".length()))
                    .isEqualTo(LOST);
            assertThat(attempt.kind()).isEqualTo(FailureKind.DEVICE);

            assertThat(metrics(agent.url().orElseThrow()))
                    .containsPattern("viommu_outcomes_total\\{[^}]*state=\"failed\"")
                    .doesNotContainPattern("viommu_outcomes_total\\{[^}]*state=\"attached\"");
            awaitHost(view, host -> host.devices().isEmpty());
        }
    }

    @Test
    void attachesOnAHostWhoseCallsAreSlowAndSaysSoInTheOutcome() throws IOException {
        host(NESTS, GPU.formatted("vfio-pci"), "{ioctl: IOAS_MAP, slow: 50ms}");
        apply();
        try (FleetView view = FleetView.open(kafka());
                AgentApp _ = AgentApp.start(config())) {
            await(view, Phase.RUNNING);

            Outcome outcome = outcome(view);
            assertThat(outcome.state()).isEqualTo(DeviceState.ATTACHED);
            assertThat(outcome.durationNanos())
                    .as("what the outcome says counts the delay of one call at least")
                    .isGreaterThanOrEqualTo(50_000_000);
            HostInventory host =
                    Objects.requireNonNull(view.state().inventories().get(HOST), "the host's inventory");
            assertThat(host.devices()).hasSize(1);
            assertThat(host.faults())
                    .extracting(HostFault::words)
                    .containsExactly("IOAS_MAP each time takes 50000 µs longer");
        }
    }

    private KafkaConnection kafka() {
        return KafkaConnection.to(broker.bootstrapServers());
    }

    private AgentConfig config() {
        return new AgentConfig(
                broker.bootstrapServers(),
                Map.of(),
                HostSources.one(directory.resolve("host.yaml"), Optional.empty()),
                EmulatedHost::new,
                directory.resolve("state"),
                Optional.empty(),
                false,
                Optional.of(0),
                Duration.ofMillis(500),
                Duration.ofMillis(200),
                Duration.ofSeconds(15));
    }

    /** Replaces the host's file in one go, as an agent may read it at any moment. */
    private void host(String ecap, String devices) throws IOException {
        host(ecap, devices, "");
    }

    private void host(String ecap, String devices, String faults) throws IOException {
        Path next = Files.writeString(directory.resolve("next.yaml"), """
            kind: Host
            metadata: {name: changing}
            spec:
              kernel: "7.0"
              memory: 64GiB
              vmm: "10.2"
              kernel-options: ["intel_iommu=on,sm_on"]
              interrupt-remapping: on
              iommus: [{id: dmar0, type: intel-vtd, cap: "0x19ed008c40780c66", ecap: "%s"}]
              devices: [%s]
              faults: [%s]
            """.formatted(ecap, devices, faults));
        Files.move(next, directory.resolve("host.yaml"), StandardCopyOption.ATOMIC_MOVE);
    }

    private void apply() throws IOException {
        Path file = Files.writeString(directory.resolve("vm.yaml"), """
            kind: VirtualMachine
            metadata: {name: trainer}
            spec:
              machine: pc-q35-10.0
              memory: 4GiB
              viommus: [{model: intel-iommu, scalable-mode: on, fsts: on, caching-mode: on, aw-bits: 48}]
              devices: [{id: gpu0, match: {vendor: "0x10de", device: "0x2330"}}]
            """);
        run("apply", file.toString());
    }

    private String run(String... words) {
        String[] all = new String[words.length + 2];
        System.arraycopy(words, 0, all, 0, words.length);
        all[words.length] = "--bootstrap-server";
        all[words.length + 1] = broker.bootstrapServers();
        CommandRun run = CommandRun.of(all);
        assertThat(run.exitCode()).as(run.err()).isZero();
        return run.out();
    }

    private static String metrics(String url) throws IOException, InterruptedException {
        try (HttpClient client = HttpClient.newHttpClient()) {
            return client.send(
                            HttpRequest.newBuilder(URI.create(url + "/metrics")).build(),
                            HttpResponse.BodyHandlers.ofString())
                    .body();
        }
    }

    private static Outcome outcome(FleetView view) {
        return view.state()
                .outcome(new CellKey<>(0, new AttachmentId("changing", "trainer", "gpu0")))
                .orElseThrow();
    }

    private static Placement await(FleetView view, Phase phase) {
        return await(view, state -> state.placements().get(TRAINER), placement -> placement.phase() == phase);
    }

    /** The first attempt that failed: the VM looks for another host since. */
    private static Attempt awaitAttempt(FleetView view) {
        return await(
                        view,
                        state -> state.placements().get(TRAINER),
                        placement -> !placement.attempts().isEmpty())
                .attempts()
                .getLast();
    }

    private static HostInventory awaitHost(FleetView view, Predicate<HostInventory> goal) {
        return await(view, state -> state.inventories().get(HOST), goal);
    }

    private static <T> T await(FleetView view, Function<FleetState, @Nullable T> what, Predicate<T> goal) {
        long deadlineNanos = System.nanoTime() + DEADLINE.toNanos();
        while (true) {
            T now = what.apply(view.state());
            if (now != null && goal.test(now)) {
                return now;
            }
            assertThat(System.nanoTime()).as("deadline, with %s", now).isLessThan(deadlineNanos);
            view.poll(Duration.ofMillis(200));
        }
    }
}
