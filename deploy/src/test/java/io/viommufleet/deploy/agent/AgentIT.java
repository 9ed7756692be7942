package io.viommufleet.deploy.agent;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.viommufleet.agent.app.AgentApp;
import io.viommufleet.agent.app.AgentConfig;
import io.viommufleet.agent.core.AgentIdentity;
import io.viommufleet.agent.host.HostSources;
import io.viommufleet.common.FleetError;
import io.viommufleet.common.FleetException;
import io.viommufleet.common.model.Attachment;
import io.viommufleet.common.model.AttachmentId;
import io.viommufleet.common.model.Bdf;
import io.viommufleet.common.model.ConfigurationSpec;
import io.viommufleet.common.model.DeviceState;
import io.viommufleet.common.model.Envelope;
import io.viommufleet.common.model.FleetRecord;
import io.viommufleet.common.model.FleetTopic;
import io.viommufleet.common.model.Heartbeat;
import io.viommufleet.common.model.HostAdmission;
import io.viommufleet.common.model.HostInventory;
import io.viommufleet.common.model.Origin;
import io.viommufleet.common.model.Outcome;
import io.viommufleet.common.model.Rejected;
import io.viommufleet.common.viommu.Certificate;
import io.viommufleet.common.viommu.Decision;
import io.viommufleet.common.viommu.DeviceBackend;
import io.viommufleet.common.viommu.DeviceKind;
import io.viommufleet.common.viommu.GuestDevice;
import io.viommufleet.common.viommu.Machine;
import io.viommufleet.common.viommu.RulesVersion;
import io.viommufleet.common.wire.RecordCodec;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AgentIT {
    @TempDir
    static Path shared;

    private static FleetLog log;

    @TempDir
    Path directory;

    @BeforeAll
    static void startBroker() {
        log = new FleetLog(shared.resolve("broker"));
    }

    @AfterAll
    static void stopBroker() {
        log.close();
    }

    @Test
    void attachesOnCommandAdoptsAfterARestartAndIsEmptyAfterABoot() throws IOException {
        AgentConfig config = config("adopting");
        ListingHost first = new ListingHost();
        Attachment attachment;
        AgentIdentity before;
        try (AgentApp agent = AgentApp.start(booting(config, first))) {
            before = agent.identity();
            log.await(
                    FleetTopic.HOSTS,
                    HostInventory.class,
                    host -> host.metadata().name().equals("adopting"));
            attachment = command(before, "0000:3b:00.0");
            admit(before, 1);
            log.lead(attachment, 1, 1);
            assertThat(outcome("adopting", 1).state()).isEqualTo(DeviceState.ATTACHED);
        }
        log.await(FleetTopic.HEARTBEATS, Heartbeat.class, beat -> beat.host().equals("adopting") && beat.goodbye());

        ListingHost second = new ListingHost();
        try (AgentApp agent = AgentApp.start(booting(config, second))) {
            assertThat(agent.identity().boot()).isEqualTo(before.boot());
            assertThat(agent.identity().incarnation()).isNotEqualTo(before.incarnation());
            admit(agent.identity(), 2);
            log.lead(command(agent.identity(), "0000:3b:00.0"), 1, 2);
            assertThat(outcome("adopting", 2).state()).isEqualTo(DeviceState.ATTACHED);
            assertThat(second.calls()).containsExactly("attach vm/d0");
        }

        ListingHost third = new ListingHost();
        try (AgentApp agent = AgentApp.start(booting(config, third).rebooted())) {
            assertThat(agent.identity().boot()).isNotEqualTo(before.boot());
            assertThat(third.snapshot().attached()).isEmpty();
        }
    }

    @Test
    void rejectsWhatItCannotReadAndWhatLiesInTheWrongPartition() throws IOException {
        String host = "aaa-rejecting";
        int partition = FleetLog.LAYOUT.attachmentsOf(0, host);
        try (AgentApp agent = AgentApp.start(booting(config(host), new ListingHost()))) {
            admit(agent.identity(), 1);
            Attachment attachment = command(agent.identity(), "0000:3b:00.0");
            log.put(FleetTopic.ATTACHMENTS, partition, attachment.key(), "{\"type\":".getBytes(UTF_8));
            log.put(FleetTopic.ATTACHMENTS, partition, "aaa-ghost/vm/d0", bytes(attachment));
            String stranger = elsewhere(partition);
            HostAdmission misplaced = new HostAdmission(stranger, "boot", "life");
            log.put(FleetTopic.ATTACHMENTS, partition, stranger, bytes(misplaced));

            assertThat(rejected(attachment.key()).reason()).contains("JSON");
            assertThat(rejected("aaa-ghost/vm/d0").reason()).contains("key");
            assertThat(rejected(stranger).reason()).contains("belongs in partition");
            assertThat(agent.status().failure()).isEmpty();
        }
    }

    @Test
    void refusesAStateDirectoryThatAnotherAgentHas() throws IOException {
        AgentConfig config = booting(config("twin"), new ListingHost());
        try (AgentApp first = AgentApp.start(config)) {
            assertThat(first.url()).isPresent();
            assertThatThrownBy(() -> AgentApp.start(config))
                    .isInstanceOfSatisfying(
                            FleetException.class,
                            refused -> assertThat(refused.error()).isEqualTo(FleetError.CONFLICT));
        }
    }

    @Test
    void resetsItsHostWhenTheBootIsFencedAndComesBackEmpty() throws IOException {
        ListingHost host = new ListingHost();
        try (AgentApp agent = AgentApp.start(booting(config("fenced"), host))) {
            AgentIdentity before = agent.identity();
            admit(before, 1);
            log.lead(command(before, "0000:3b:00.0"), 1, 1);
            assertThat(outcome("fenced", 1).state()).isEqualTo(DeviceState.ATTACHED);

            log.lead(new HostAdmission("fenced", before.boot(), ""), 1, 2);
            log.await(
                    FleetTopic.HEARTBEATS,
                    Heartbeat.class,
                    beat -> beat.host().equals("fenced")
                            && !agent.identity().boot().equals(before.boot()));
            assertThat(host.snapshot().attached()).isEmpty();

            admit(agent.identity(), 3);
            log.lead(command(agent.identity(), "0000:3b:00.0"), 1, 2);
            assertThat(outcome("fenced", 2).state()).isEqualTo(DeviceState.ATTACHED);
            assertThat(host.calls()).as("nothing was detached").containsExactly("attach vm/d0", "attach vm/d0");
        }
    }

    @Test
    void beginsANewBootWhenTheLeaseRanOutWhileItWasAway() throws IOException {
        AgentConfig config = config("leased");
        AgentIdentity before;
        Path lease = config.stateDirectory().resolve("lease");
        AgentApp agent = AgentApp.start(booting(config, new ListingHost()));
        try {
            before = agent.identity();
            admit(before, 1);
            log.lead(leased(command(before, "0000:3b:00.0")), 1, 1);
            assertThat(outcome("leased", 1).state()).isEqualTo(DeviceState.ATTACHED);
            assertThat(lease).isNotEmptyFile();
        } finally {
            agent.abandon();
        }
        ListingHost adopted = new ListingHost();
        try (AgentApp soon = AgentApp.start(booting(config, adopted))) {
            assertThat(soon.identity().boot()).isEqualTo(before.boot());
            assertThat(adopted.calls()).containsExactly("attach vm/d0");
        }

        Files.writeString(lease, "%s 0 30000%n".formatted(before.boot()));
        ListingHost empty = new ListingHost();
        try (AgentApp late = AgentApp.start(booting(config, empty))) {
            assertThat(late.identity().boot()).isNotEqualTo(before.boot());
            assertThat(empty.calls()).isEmpty();
        }
    }

    @Test
    void aCloneGetsNothingUntilItIsAdmittedAndTheOneThatLosesSaysWhy() throws Exception {
        AgentConfig config = config("cloned");
        AgentConfig elsewhere =
                AgentConfig.of(config.bootstrapServers(), config.host(), config.boots(), directory.resolve("clone"));
        ListingHost original = new ListingHost();
        ListingHost clone = new ListingHost();
        try (AgentApp first = AgentApp.start(booting(config, original));
                AgentApp second = AgentApp.start(booting(elsewhere, clone))) {
            admit(first.identity(), 1);
            log.lead(command(first.identity(), "0000:3b:00.0"), 1, 1);
            assertThat(outcome("cloned", 1).state()).isEqualTo(DeviceState.ATTACHED);
            assertThat(clone.calls()).isEmpty();
            assertThat(ready(second)).contains("the leader has not admitted this incarnation yet");

            admit(second.identity(), 2);
            log.await(
                    FleetTopic.HEARTBEATS,
                    Heartbeat.class,
                    beat -> first.status().fenced());
            log.lead(command(first.identity(), "0000:3b:00.0"), 1, 2);
            log.lead(command(second.identity(), "0000:3b:00.0"), 1, 3);
            assertThat(outcome("cloned", 3).state()).isEqualTo(DeviceState.ATTACHED);
            assertThat(original.calls()).containsExactly("attach vm/d0");
            assertThat(ready(first)).contains("another incarnation was admitted after this one");
        }
    }

    private static String ready(AgentApp agent) throws IOException, InterruptedException {
        URI uri = URI.create(agent.url().orElseThrow() + "/health/ready");
        try (HttpClient client = HttpClient.newHttpClient()) {
            return client.send(HttpRequest.newBuilder(uri).build(), HttpResponse.BodyHandlers.ofString())
                    .body();
        }
    }

    private static Attachment leased(Attachment command) {
        return new Attachment(
                command.id(),
                command.desired(),
                command.boot(),
                command.incarnation(),
                command.bdf(),
                command.memoryBytes(),
                command.strict(),
                command.configuration(),
                command.certificate(),
                command.resolvedValues(),
                command.guest(),
                command.role(),
                Optional.of(30_000L));
    }

    @Test
    void saysThatKafkaCannotBeReached() throws IOException {
        AgentConfig config = booting(config("lonely"), new ListingHost());
        AgentConfig nowhere = new AgentConfig(
                "localhost:1",
                Map.of(),
                config.host(),
                config.boots(),
                config.stateDirectory(),
                Optional.empty(),
                false,
                Optional.empty(),
                config.heartbeatInterval(),
                config.inventoryInterval(),
                Duration.ofSeconds(2));

        assertThatThrownBy(() -> AgentApp.start(nowhere))
                .isInstanceOfSatisfying(
                        FleetException.class,
                        refused -> assertThat(refused.error()).isEqualTo(FleetError.UNREACHABLE));
    }

    private AgentConfig config(String host) throws IOException {
        Path file = Files.writeString(directory.resolve("host.yaml"), """
            kind: Host
            metadata: {name: %s}
            spec:
              kernel: "6.12"
              memory: 64GiB
              vmm: "10.2"
              kernel-options: ["intel_iommu=on,sm_on"]
              interrupt-remapping: on
              iommus: [{id: dmar0, type: intel-vtd, cap: "0x19ed008c40780c66", ecap: "0x3ef9e86f050df"}]
              devices:
                - {bdf: "0000:3b:00.0", vendor: "0x10de", device: "0x2330", class: "0x030200", group: 12, iommu: dmar0, driver: vfio-pci}
            """.formatted(host));
        return AgentConfig.of(
                log.bootstrapServers(),
                HostSources.one(file, Optional.empty()),
                new ListingHost()::boot,
                directory.resolve("state"));
    }

    private static AgentConfig booting(AgentConfig config, ListingHost host) {
        return AgentConfig.of(config.bootstrapServers(), config.host(), host::boot, config.stateDirectory());
    }

    private static void admit(AgentIdentity agent, long generation) {
        log.lead(new HostAdmission(agent.host(), agent.boot(), agent.incarnation()), 1, generation);
    }

    private static Outcome outcome(String host, long generation) {
        return log.await(
                FleetTopic.OUTCOMES,
                Outcome.class,
                outcome -> outcome.id().host().equals(host) && outcome.attachmentGeneration() == generation);
    }

    private static Rejected rejected(String key) {
        return log.await(
                FleetTopic.AGENT_REJECTED,
                Rejected.class,
                rejected -> rejected.recordKey().equals(key));
    }

    private static String elsewhere(int partition) {
        return IntStream.range(0, 100)
                .mapToObj(index -> "stranger-" + index)
                .filter(name -> FleetLog.LAYOUT.attachmentsOf(0, name) != partition)
                .findFirst()
                .orElseThrow();
    }

    private static byte[] bytes(FleetRecord value) {
        return RecordCodec.encode(new Envelope(0, 1, new Origin.Controller(1, 1), value));
    }

    private static Attachment command(AgentIdentity agent, String bdf) {
        GuestDevice device =
                new GuestDevice("d0", DeviceKind.PCI, DeviceBackend.IOMMUFD, Optional.empty(), Optional.empty());
        ConfigurationSpec configuration =
                new ConfigurationSpec(Machine.ofType("pc-q35-10.0"), List.of(), List.of(), List.of(device), List.of());
        return new Attachment(
                new AttachmentId(agent.host(), "vm", "d0"),
                Attachment.Desired.ATTACHED,
                agent.boot(),
                agent.incarnation(),
                Bdf.parse(bdf),
                1L << 30,
                false,
                configuration,
                certificate(configuration),
                Map.of(),
                List.of(),
                Attachment.Role.ACTIVE,
                Optional.empty());
    }

    private static Certificate certificate(ConfigurationSpec configuration) {
        return switch (configuration.decide(RulesVersion.V1)) {
            case Decision.Decided decided -> decided.certificate();
            case Decision.Refused refused -> throw new AssertionError(refused.errors());
        };
    }
}
