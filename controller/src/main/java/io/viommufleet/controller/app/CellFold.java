package io.viommufleet.controller.app;

import io.viommufleet.common.FleetError;
import io.viommufleet.common.FleetException;
import io.viommufleet.common.kafka.KafkaConnection;
import io.viommufleet.common.kafka.LogPartition;
import io.viommufleet.common.kafka.LogReader;
import io.viommufleet.common.kafka.LogRecord;
import io.viommufleet.common.kafka.Partitions;
import io.viommufleet.common.model.Envelope;
import io.viommufleet.common.model.FleetTopic;
import io.viommufleet.common.model.Leader;
import io.viommufleet.common.model.Origin;
import io.viommufleet.common.wire.Decoded;
import io.viommufleet.controller.cell.Cell;
import io.viommufleet.controller.cell.CellSettings;
import io.viommufleet.controller.cell.CellSummary;
import io.viommufleet.controller.cell.Write;
import io.viommufleet.controller.placement.HostFeasibility;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;

/**
 * A cell and the log that feeds it: first followed, as a standby does, then led. One thread at a time.
 *
 * <p>While it follows, a record of an epoch newer than that of any leader seen waits until the leader's own record arrives,
 * because topics are read in no common order; what still waits when this controller leads was written by nobody who ever
 * led. Records that cannot be used are noted while following, too: those that the leader of the time put on the log are
 * struck off, and the rest is for the next one to put there.
 */
final class CellFold implements AutoCloseable {
    /** Heartbeats come all the time: this many of them, read in the next turn, leave nobody silent. */
    private static final long UNREAD_WHEN_CAUGHT_UP = 1_000;

    private final LogReader reader;
    private final CellClock clock = new CellClock();
    private final Cell cell;
    private final List<LogRecord> waiting = new ArrayList<>();
    private long ownEpoch;

    /** Starts to read the log of a cell from its beginning. */
    CellFold(int cell, CellSettings settings, KafkaConnection kafka, String clientId, Partitions layout) {
        reader = new LogReader(kafka, clientId, layout, partitions(cell, layout));
        this.cell = new Cell(settings, new HostFeasibility(), clock.nowNanos());
    }

    /** Everything that the fold needs; decisions and traces are for others to read. */
    private static List<LogPartition> partitions(int cell, Partitions layout) {
        return Arrays.stream(FleetTopic.values())
                .filter(topic -> topic != FleetTopic.DECISIONS && topic != FleetTopic.TRACES)
                .flatMap(topic -> layout.of(topic, cell).stream().map(partition -> new LogPartition(topic, partition)))
                .toList();
    }

    /** Takes in what comes, waiting at most {@code timeout} for it; whether anything came. */
    boolean poll(Duration timeout) {
        List<LogRecord> records = reader.poll(timeout);
        records.forEach(this::takeIn);
        return !records.isEmpty();
    }

    /** Whether everything has been taken in up to where the log ended when that was last noted. */
    boolean isCaughtUp() {
        return reader.loaded();
    }

    /** From now on, {@link #isCaughtUp} ignores transactions that are still open. */
    void aimAtCommitted() {
        reader.aimAtCommitted();
    }

    /** Takes in everything that is on the log now; whatever is still being committed is awaited. */
    void catchUp() {
        reader.aimAtEnd();
        reader.load(this::takeIn);
    }

    /** The last leader on the log. */
    Optional<Leader> leader() {
        return cell.leader();
    }

    /** This controller leads the cell now, with that epoch: timers start, and forged epochs are refused. */
    void lead(long epoch) {
        ownEpoch = epoch;
        clock.start();
        waiting.forEach(record -> reject(
                record,
                "epoch %d is newer than any that led: the newest is %d".formatted(writtenEpoch(record), epoch)));
        waiting.clear();
    }

    List<Write> plan() {
        long nowNanos = clock.nowNanos();
        cell.listened(reader.lag() <= UNREAD_WHEN_CAUGHT_UP, nowNanos);
        return cell.plan(nowNanos);
    }

    /** Takes in what was just committed. */
    void committed(Envelope envelope) {
        var _ = cell.replay(envelope);
    }

    CellSummary summary() {
        return cell.summary();
    }

    long lag() {
        return reader.lag();
    }

    /** Own records were taken in when they were committed; reading them back later must not turn time back. */
    private void takeIn(LogRecord record) {
        long written = writtenEpoch(record);
        if (ownEpoch == 0) {
            follow(record, written);
        } else if (written > ownEpoch) {
            throw new FleetException(
                    FleetError.CONFLICT, "there is a newer leader: epoch %d after %d".formatted(written, ownEpoch));
        } else if (written != ownEpoch) {
            replay(record);
        }
    }

    private void follow(LogRecord record, long written) {
        if (record.topic() == FleetTopic.LEADERS) {
            replay(record);
            releaseWaiting();
        } else if (written > newestEpoch()) {
            waiting.add(record);
        } else {
            replay(record);
        }
    }

    private void releaseWaiting() {
        Iterator<LogRecord> all = waiting.iterator();
        List<LogRecord> still = new ArrayList<>();
        while (all.hasNext()) {
            LogRecord record = all.next();
            if (writtenEpoch(record) > newestEpoch()) {
                still.add(record);
            } else {
                replay(record);
            }
        }
        waiting.clear();
        waiting.addAll(still);
    }

    private long newestEpoch() {
        return cell.leader().map(Leader::epoch).orElse(0L);
    }

    /** The epoch that a record says; 0 where its writer has none. */
    private static long writtenEpoch(LogRecord record) {
        return record.decoded() instanceof Decoded.Ok(Envelope envelope)
                        && envelope.origin() instanceof Origin.Controller(long writtenEpoch, long _)
                ? writtenEpoch
                : 0;
    }

    private void replay(LogRecord record) {
        switch (record.decoded()) {
            case Decoded.Ok(Envelope envelope) -> cell.replay(envelope).ifPresent(reason -> reject(record, reason));
            case Decoded.Unreadable unreadable -> reject(record, unreadable.reason());
            case Decoded.Tombstone _ -> {}
        }
    }

    private void reject(LogRecord record, String reason) {
        if (record.topic() != FleetTopic.REJECTED && record.topic() != FleetTopic.AGENT_REJECTED) {
            cell.reject(record.rejected(FleetTopic.Role.CONTROLLER, reason));
        }
    }

    @Override
    public void close() {
        reader.close();
    }
}
