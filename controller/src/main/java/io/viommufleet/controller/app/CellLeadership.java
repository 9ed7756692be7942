package io.viommufleet.controller.app;

import io.viommufleet.common.FleetError;
import io.viommufleet.common.FleetException;
import io.viommufleet.common.kafka.KafkaConnection;
import io.viommufleet.common.kafka.LogPartition;
import io.viommufleet.common.kafka.LogReader;
import io.viommufleet.common.kafka.LogRecord;
import io.viommufleet.common.kafka.Partitions;
import io.viommufleet.common.kafka.TransactionalWriter;
import io.viommufleet.common.model.Envelope;
import io.viommufleet.common.model.FleetTopic;
import io.viommufleet.common.model.Leader;
import io.viommufleet.common.model.Origin;
import io.viommufleet.common.wire.Decoded;
import io.viommufleet.controller.cell.Cell;
import io.viommufleet.controller.cell.Write;
import io.viommufleet.controller.placement.HostFeasibility;
import io.viommufleet.controller.placement.Placer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * One leadership of one cell, from the take-over to the first doubt.
 *
 * <p>The order is what makes it safe: fence the previous leader, write the new epoch, only then look where the log ends, read
 * up to there, and only then plan.
 */
final class CellLeadership implements AutoCloseable {
    private static final Duration POLL = Duration.ofMillis(200);
    private static final long REPLAN_NANOS = Duration.ofSeconds(1).toNanos();
    private static final int FEATURE_LEVEL = 1;

    private final int cell;
    private final long epoch;
    private final TransactionalWriter writer;
    private final LogReader reader;
    private final CellMeters meters;
    private final Cell state;
    private long step = 1;
    private long plannedNanos;

    private CellLeadership(
            int cell, long epoch, TransactionalWriter writer, LogReader reader, CellMeters meters, Cell state) {
        this.cell = cell;
        this.epoch = epoch;
        this.writer = writer;
        this.reader = reader;
        this.meters = meters;
        this.state = state;
    }

    /** Takes the cell over and reads its log; what it finds missing is planned by the first {@link #step}. */
    static CellLeadership takeOver(
            int cell, ControllerConfig config, KafkaConnection kafka, Partitions layout, CellMeters meters) {
        TransactionalWriter writer = new TransactionalWriter(kafka, "viommu-fleet-cell-" + cell, layout);
        try {
            String client = "%s-cell-%d".formatted(config.instance(), cell);
            long epoch = lastEpoch(cell, kafka, client, layout) + 1;
            Leader leader = new Leader(cell, epoch, config.instance(), FEATURE_LEVEL, layout.attachmentsPerCell());
            writer.commit(List.of(new Envelope(cell, epoch, new Origin.Controller(epoch, 1), leader)));
            LogReader reader = new LogReader(kafka, client, layout, partitions(cell, layout));
            Cell state = new Cell(config.cells(), new Placer(new HostFeasibility()), System.nanoTime());
            CellLeadership leadership = new CellLeadership(cell, epoch, writer, reader, meters, state);
            try {
                reader.load(leadership::takeInOld);
            } catch (RuntimeException failure) {
                reader.close();
                throw failure;
            }
            meters.leading(epoch);
            return leadership;
        } catch (RuntimeException failure) {
            writer.close();
            throw failure;
        }
    }

    private static long lastEpoch(int cell, KafkaConnection kafka, String client, Partitions layout) {
        List<Leader> leaders = new ArrayList<>();
        try (LogReader reader = new LogReader(
                kafka, client + "-leaders", layout, List.of(new LogPartition(FleetTopic.LEADERS, cell)))) {
            reader.load(record -> {
                if (record.decoded() instanceof Decoded.Ok(Envelope envelope)
                        && envelope.value() instanceof Leader leader) {
                    leaders.add(leader);
                }
            });
        }
        return leaders.stream().mapToLong(Leader::epoch).max().orElse(0);
    }

    /** Everything that the fold needs; decisions and traces are for others to read. */
    private static List<LogPartition> partitions(int cell, Partitions layout) {
        return Arrays.stream(FleetTopic.values())
                .filter(topic -> topic != FleetTopic.DECISIONS && topic != FleetTopic.TRACES)
                .flatMap(topic -> layout.of(topic, cell).stream().map(partition -> new LogPartition(topic, partition)))
                .toList();
    }

    long epoch() {
        return epoch;
    }

    /** One turn: read what came, plan, write what is missing. */
    void step() {
        List<LogRecord> records = reader.poll(POLL);
        records.forEach(this::takeInLive);
        long nowNanos = System.nanoTime();
        if (!records.isEmpty() || nowNanos - plannedNanos >= REPLAN_NANOS) {
            meters.timeStep(() -> writeMissing(nowNanos));
            plannedNanos = nowNanos;
            meters.summary(state.summary(nowNanos));
            meters.lag(reader.lag());
        }
    }

    private void writeMissing(long nowNanos) {
        List<Write> writes = state.plan(nowNanos);
        if (writes.isEmpty()) {
            return;
        }
        Origin.Controller origin = new Origin.Controller(epoch, ++step);
        List<Envelope> envelopes = writes.stream()
                .map(write -> new Envelope(cell, write.generation(), origin, write.value()))
                .toList();
        writer.commit(envelopes);
        envelopes.forEach(envelope -> replay(envelope, nowNanos));
        meters.written(envelopes);
        plannedNanos = nowNanos - REPLAN_NANOS;
    }

    /**
     * While the log is being read, no leader can be newer than the one that has just fenced all others: a higher epoch was
     * written by nobody who ever led.
     */
    private void takeInOld(LogRecord record) {
        long written = writtenEpoch(record);
        if (written > epoch) {
            reject(record, "epoch %d is newer than any that led: the newest is %d".formatted(written, epoch));
        } else {
            takeIn(record);
        }
    }

    /** Own records were taken in when they were committed; reading them back later must not turn time back. */
    private void takeInLive(LogRecord record) {
        long written = writtenEpoch(record);
        if (written > epoch) {
            throw new FleetException(
                    FleetError.CONFLICT,
                    "cell %d has a newer leader: epoch %d after %d".formatted(cell, written, epoch));
        }
        if (written != epoch) {
            takeIn(record);
        }
    }

    /** The epoch that a record says; 0 where its writer has none. */
    private static long writtenEpoch(LogRecord record) {
        return record.decoded() instanceof Decoded.Ok(Envelope envelope)
                        && envelope.origin() instanceof Origin.Controller(long writtenEpoch, long _)
                ? writtenEpoch
                : 0;
    }

    private void takeIn(LogRecord record) {
        switch (record.decoded()) {
            case Decoded.Ok(Envelope envelope) ->
                replay(envelope, System.nanoTime()).ifPresent(reason -> reject(record, reason));
            case Decoded.Unreadable unreadable -> reject(record, unreadable.reason());
            case Decoded.Tombstone _ -> {}
        }
    }

    private Optional<String> replay(Envelope envelope, long nowNanos) {
        return state.replay(envelope, nowNanos);
    }

    private void reject(LogRecord record, String reason) {
        if (record.topic() != FleetTopic.REJECTED && record.topic() != FleetTopic.AGENT_REJECTED) {
            state.reject(record.rejected(FleetTopic.Role.CONTROLLER, reason));
        }
    }

    @Override
    public void close() {
        reader.close();
        writer.close();
    }
}
