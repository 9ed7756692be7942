package io.viommufleet.deploy.cli;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.viommufleet.common.input.Inputs;
import io.viommufleet.common.input.ParsedDocument;
import io.viommufleet.common.kafka.FleetWriter;
import io.viommufleet.common.kafka.KafkaConnection;
import io.viommufleet.common.kafka.Partitions;
import io.viommufleet.common.kafka.Topics;
import io.viommufleet.common.kafka.TransactionalWriter;
import io.viommufleet.common.model.Envelope;
import io.viommufleet.common.model.FleetRecord;
import io.viommufleet.common.model.Operation;
import io.viommufleet.common.model.Origin;
import io.viommufleet.common.wire.RecordCodec;
import io.viommufleet.deploy.broker.BrokerSettings;
import io.viommufleet.deploy.broker.EmbeddedBroker;
import io.viommufleet.deploy.view.FleetState.CellKey;
import io.viommufleet.deploy.view.FleetView;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** A broker with a fleet on it whose controller is the test: it writes what a leader would, and runs commands beside. */
final class ScriptedCell implements AutoCloseable {
    private static final Partitions LAYOUT = new Partitions(2, 1);
    private static final Duration DEADLINE = Duration.ofSeconds(60);

    private final EmbeddedBroker broker;
    private long sequence;

    ScriptedCell(Path directory) {
        broker = EmbeddedBroker.start(BrokerSettings.local(directory));
        new Topics(kafka()).create(LAYOUT, 1);
    }

    private KafkaConnection kafka() {
        return KafkaConnection.to(broker.bootstrapServers());
    }

    /** Publishes a host, as its agent would. */
    void host(String name, int cell) {
        ParsedDocument document =
                Inputs.read("test", """
                    kind: Host
                    metadata: {name: %s, cell: %d}
                    spec: {kernel: "7.0", memory: 8GiB}
                    """.formatted(name, cell).getBytes(UTF_8)).getFirst();
        agent(name, cell, ((ParsedDocument.Host) document).host());
    }

    private void agent(String host, int cell, FleetRecord report) {
        try (FleetWriter writer = new FleetWriter(kafka(), "test-agent", LAYOUT)) {
            writer.send(new Envelope(cell, 1, new Origin.Agent("boot-" + host, "life-" + host, ++sequence), report))
                    .join();
        }
    }

    /** Commits records as the first leader of a cell. */
    void lead(int cell, FleetRecord... records) {
        try (TransactionalWriter writer = new TransactionalWriter(kafka(), "viommu-fleet-cell-" + cell, LAYOUT)) {
            var _ = writer.commit(List.of(records).stream()
                    .map(record -> new Envelope(cell, 1, new Origin.Controller(1, ++sequence), record))
                    .toList());
        }
    }

    /** Waits for an operation that is not among {@code known}. */
    Operation awaitOperation(List<String> known) {
        try (FleetView view = FleetView.open(kafka())) {
            long deadlineNanos = System.nanoTime() + DEADLINE.toNanos();
            while (System.nanoTime() < deadlineNanos) {
                Optional<Operation> asked = view.state().operations().values().stream()
                        .filter(operation -> !known.contains(operation.id()))
                        .findFirst();
                if (asked.isPresent()) {
                    return asked.get();
                }
                view.poll(Duration.ofMillis(100));
            }
        }
        throw new AssertionError("no operation was asked for");
    }

    /** Of the last request for a policy of cell 0. */
    String policyDigest(String name) {
        try (FleetView view = FleetView.open(kafka())) {
            return RecordCodec.digest(
                    Objects.requireNonNull(view.state().policyRequests().get(new CellKey<>(0, name)), name));
        }
    }

    /** A command that runs while the test goes on. */
    CompletableFuture<CommandRun> begin(String... command) {
        String[] arguments = withServer(command);
        return CompletableFuture.supplyAsync(() -> CommandRun.of(arguments))
                .orTimeout(DEADLINE.toSeconds(), TimeUnit.SECONDS);
    }

    /** A command that ends by itself. */
    CommandRun run(String... command) {
        return CommandRun.of(withServer(command));
    }

    private String[] withServer(String... command) {
        String[] arguments = Arrays.copyOf(command, command.length + 2);
        arguments[command.length] = "--bootstrap-server";
        arguments[command.length + 1] = broker.bootstrapServers();
        return arguments;
    }

    @Override
    public void close() {
        broker.close();
    }
}
