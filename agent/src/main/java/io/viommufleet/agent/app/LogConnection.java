package io.viommufleet.agent.app;

import io.viommufleet.agent.core.AgentEvent;
import io.viommufleet.agent.core.LogPosition;
import io.viommufleet.common.FleetError;
import io.viommufleet.common.FleetException;
import io.viommufleet.common.kafka.FleetWriter;
import io.viommufleet.common.kafka.KafkaConnection;
import io.viommufleet.common.kafka.LogPartition;
import io.viommufleet.common.kafka.LogReader;
import io.viommufleet.common.kafka.LogRecord;
import io.viommufleet.common.kafka.Partitions;
import io.viommufleet.common.kafka.Topics;
import io.viommufleet.common.model.FleetTopic;
import io.viommufleet.common.model.Leader;
import io.viommufleet.common.wire.Decoded;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * The agent's way to the log, made in steps, each of which may have to wait: the topics exist; the cell's leader has said over
 * how many partitions its attachments are spread; the host's partition is read. One thread.
 */
final class LogConnection implements AutoCloseable {
    private final KafkaConnection kafka;
    private final String host;
    private final int cell;
    private final String clientId;
    private Optional<FleetWriter> writer = Optional.empty();
    private Optional<LogReader> leaders = Optional.empty();
    private Optional<LogReader> attachments = Optional.empty();
    private Optional<Partitions> layout = Optional.empty();

    LogConnection(KafkaConnection kafka, String host, int cell) {
        this.kafka = kafka;
        this.host = host;
        this.cell = cell;
        this.clientId = "viommu-agent-" + host;
    }

    /** Where records go; empty as long as the topics do not exist. */
    Optional<FleetWriter> writer() {
        return writer;
    }

    /** Whether the host's partition is being read. */
    boolean reading() {
        return attachments.isPresent();
    }

    /** Whether it has been read to where it ended at the start. */
    boolean loaded() {
        return attachments.filter(LogReader::loaded).isPresent();
    }

    /** Records of it not read yet. */
    long lag() {
        return attachments.map(LogReader::lag).orElse(0L);
    }

    /**
     * Takes the next step, or hands over the next records.
     *
     * @throws FleetException UNREACHABLE if Kafka does not answer; to be tried again
     */
    List<AgentEvent> poll(Duration timeout) {
        if (writer.isEmpty()) {
            findTopics();
        }
        if (attachments.isPresent()) {
            return attachments.get().poll(timeout).stream().map(this::event).toList();
        }
        leaders.flatMap(reader -> leader(reader, timeout)).ifPresent(this::follow);
        return List.of();
    }

    /** Reads the host's partition from its beginning again. */
    void restart() {
        attachments.ifPresent(LogReader::close);
        attachments = layout.map(this::attachmentReader);
    }

    private void findTopics() {
        try {
            Partitions found = new Topics(kafka).find();
            if (cell >= found.cells()) {
                throw new FleetException(
                        FleetError.USAGE,
                        "host %s is of cell %d; the fleet has cells 0 to %d".formatted(host, cell, found.cells() - 1));
            }
            leaders = Optional.of(new LogReader(
                    kafka, clientId + "-leader", found, List.of(new LogPartition(FleetTopic.LEADERS, cell))));
            writer = Optional.of(new FleetWriter(kafka, clientId, found));
            layout = Optional.of(found);
        } catch (FleetException failure) {
            if (failure.error() != FleetError.NOT_FOUND) {
                throw failure;
            }
        }
    }

    private static Optional<Leader> leader(LogReader reader, Duration timeout) {
        return reader.poll(timeout).stream()
                .flatMap(record -> record.decoded() instanceof Decoded.Ok(var envelope)
                                && envelope.value() instanceof Leader leader
                        ? Optional.of(leader).stream()
                        : Optional.<Leader>empty().stream())
                .reduce((earlier, later) -> later);
    }

    private void follow(Leader leader) {
        Partitions found = layout.orElseThrow();
        if (leader.attachmentPartitionsPerCell() != found.attachmentsPerCell()) {
            throw new FleetException(
                    FleetError.CONFLICT,
                    "the leader of cell %d spreads attachments over %d partitions and %s has %d per cell"
                            .formatted(
                                    cell,
                                    leader.attachmentPartitionsPerCell(),
                                    FleetTopic.ATTACHMENTS.topicName(),
                                    found.attachmentsPerCell()));
        }
        Partitions said = new Partitions(found.cells(), leader.attachmentPartitionsPerCell());
        attachments = Optional.of(attachmentReader(said));
        leaders.ifPresent(LogReader::close);
        leaders = Optional.empty();
    }

    private LogReader attachmentReader(Partitions said) {
        LogPartition mine = new LogPartition(FleetTopic.ATTACHMENTS, said.attachmentsOf(cell, host));
        return new LogReader(kafka, clientId + "-attachments", said, List.of(mine));
    }

    private AgentEvent event(LogRecord record) {
        LogPosition position = new LogPosition(record.partition(), record.offset());
        return switch (record.decoded()) {
            case Decoded.Ok(var envelope) -> new AgentEvent.RecordRead(position, envelope);
            case Decoded.Tombstone(String key) -> new AgentEvent.TombstoneRead(key);
            case Decoded.Unreadable(String reason, String head) ->
                new AgentEvent.UnreadableRead(position, ownerOf(record), record.key(), reason, head);
        };
    }

    /** The host that a key names, if its records belong in the partition where this one lies. */
    private Optional<String> ownerOf(LogRecord record) {
        int slash = record.key().indexOf('/');
        String named = slash < 0 ? record.key() : record.key().substring(0, slash);
        return layout.filter(known -> !named.isEmpty() && known.attachmentsOf(cell, named) == record.partition())
                .map(known -> named);
    }

    @Override
    public void close() {
        attachments.ifPresent(LogReader::close);
        leaders.ifPresent(LogReader::close);
        writer.ifPresent(FleetWriter::close);
    }
}
