package io.viommufleet.deploy.kafka;

import io.viommufleet.common.kafka.KafkaConnection;
import io.viommufleet.common.kafka.LogPartition;
import io.viommufleet.common.kafka.LogReader;
import io.viommufleet.common.kafka.LogRecord;
import io.viommufleet.common.kafka.Partitions;
import io.viommufleet.common.kafka.Topics;
import io.viommufleet.common.model.ConfigurationSpec;
import io.viommufleet.common.model.Envelope;
import io.viommufleet.common.model.FleetTopic;
import io.viommufleet.common.model.Heartbeat;
import io.viommufleet.common.model.HostState;
import io.viommufleet.common.model.Metadata;
import io.viommufleet.common.model.Origin;
import io.viommufleet.common.model.PlacementRules;
import io.viommufleet.common.model.VirtualMachine;
import io.viommufleet.common.model.VmSpec;
import io.viommufleet.common.viommu.Machine;
import io.viommufleet.deploy.broker.SharedBroker;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;

/** The fleet's topics, empty, on the shared broker, and records to put on them. */
final class Fixture {
    static final Partitions LAYOUT = new Partitions(2, 3);

    private Fixture() {}

    static KafkaConnection connection() {
        return KafkaConnection.to(SharedBroker.bootstrapServers());
    }

    static Admin admin() {
        return Admin.create(Map.of("bootstrap.servers", SharedBroker.bootstrapServers()));
    }

    static void freshTopics() throws ExecutionException, InterruptedException {
        removeTopics();
        new Topics(connection()).create(LAYOUT, 1);
    }

    static void removeTopics() throws ExecutionException, InterruptedException {
        try (Admin admin = admin()) {
            List<String> ours = Arrays.stream(FleetTopic.values())
                    .map(FleetTopic::topicName)
                    .toList();
            List<String> existing = admin.listTopics().names().get().stream()
                    .filter(ours::contains)
                    .toList();
            admin.deleteTopics(existing).all().get();
            while (admin.listTopics().names().get().stream().anyMatch(ours::contains)) {
                Thread.onSpinWait();
            }
        }
    }

    static List<LogRecord> readAll(FleetTopic topic, int partition) {
        List<LogRecord> records = new ArrayList<>();
        try (LogReader reader =
                new LogReader(connection(), "test-reader", LAYOUT, List.of(new LogPartition(topic, partition)))) {
            reader.load(records::add);
        }
        return records;
    }

    static Envelope heartbeat(int cell, String host, long sequence) {
        return new Envelope(cell, 0, new Origin.Agent("boot", "life", sequence), new Heartbeat(host, 0, false));
    }

    static Envelope hostState(String host, long epoch) {
        return new Envelope(0, 1, new Origin.Controller(epoch, 1), HostState.unknown(host));
    }

    static Envelope vm(String name, String label) {
        VmSpec spec = new VmSpec(
                new ConfigurationSpec(Machine.ofType("q35"), List.of(), List.of(), List.of(), List.of()),
                1L << 30,
                Map.of(),
                PlacementRules.ANYWHERE,
                VmSpec.OnHostLoss.WAIT,
                false,
                Optional.empty(),
                false,
                List.of());
        return new Envelope(
                0, 0, new Origin.User(), new VirtualMachine(new Metadata(name, 0, Map.of("label", label)), spec));
    }
}
