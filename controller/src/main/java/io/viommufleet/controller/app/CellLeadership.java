package io.viommufleet.controller.app;

import io.viommufleet.common.kafka.KafkaConnection;
import io.viommufleet.common.kafka.Partitions;
import io.viommufleet.common.kafka.TransactionalWriter;
import io.viommufleet.common.model.Envelope;
import io.viommufleet.common.model.FeatureLevel;
import io.viommufleet.common.model.Leader;
import io.viommufleet.common.model.Origin;
import io.viommufleet.controller.cell.Write;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * One leadership of one cell, from the take-over to the first doubt.
 *
 * <p>The order is what makes it safe: fence the previous leader, write the new epoch, only then look where the log ends, read
 * up to there, and only then plan.
 */
final class CellLeadership implements AutoCloseable {
    private static final Duration POLL = Duration.ofMillis(100);
    private static final long REPLAN_NANOS = Duration.ofSeconds(1).toNanos();

    private final Leader leader;
    private final TransactionalWriter writer;
    private final CellFold fold;
    private final CellMeters meters;
    private long step = 1;
    /** Behind by as much at first and after each write, so that planning goes on until nothing is missing. */
    private long plannedNanos = System.nanoTime() - REPLAN_NANOS;

    private long toldNanos = System.nanoTime() - REPLAN_NANOS;

    private CellLeadership(Leader leader, TransactionalWriter writer, CellFold fold, CellMeters meters) {
        this.leader = leader;
        this.writer = writer;
        this.fold = fold;
        this.meters = meters;
    }

    /**
     * Takes the cell over; what its log lacks is planned by the first {@link #step}.
     *
     * @param fold of the cell's log, followed until shortly before; stays the caller's to close
     * @throws UnknownFeatureLevel if the cell is not this controller's to lead: nobody is fenced
     */
    static CellLeadership takeOver(
            int cell, String instance, CellFold fold, KafkaConnection kafka, Partitions layout, CellMeters meters) {
        UnknownFeatureLevel.refuse(fold.leader());
        TransactionalWriter writer = new TransactionalWriter(kafka, "viommu-fleet-cell-" + cell, layout);
        try {
            fold.catchUp();
            Optional<Leader> last = fold.leader();
            UnknownFeatureLevel.refuse(last);
            Leader leader = new Leader(
                    cell,
                    last.map(Leader::epoch).orElse(0L) + 1,
                    instance,
                    last.map(Leader::featureLevel).orElse(FeatureLevel.LATEST),
                    layout.attachmentsPerCell());
            Origin.Controller origin = new Origin.Controller(leader.epoch(), 1);
            writer.commit(List.of(new Envelope(cell, leader.epoch(), origin, leader)));
            fold.catchUp();
            fold.lead(leader.epoch());
            meters.leading(leader);
            return new CellLeadership(leader, writer, fold, meters);
        } catch (RuntimeException failure) {
            writer.close();
            throw failure;
        }
    }

    long epoch() {
        return leader.epoch();
    }

    /** One turn: read what came, plan, write what is missing. */
    void step() {
        boolean anything = fold.poll(isDue() ? Duration.ZERO : POLL);
        if (anything || isDue()) {
            plannedNanos = System.nanoTime();
            meters.timeStep(this::writeMissing);
            tellMeters();
        }
    }

    /** A summary looks at every VM and host: once a second is enough for whoever scrapes. */
    private void tellMeters() {
        if (System.nanoTime() - toldNanos >= REPLAN_NANOS) {
            toldNanos = System.nanoTime();
            meters.summary(fold.summary());
            meters.lag(fold.lag());
            fold.leader().ifPresent(meters::leading);
        }
    }

    private boolean isDue() {
        return System.nanoTime() - plannedNanos >= REPLAN_NANOS;
    }

    private void writeMissing() {
        List<Write> writes = fold.plan();
        if (writes.isEmpty()) {
            return;
        }
        Origin.Controller origin = new Origin.Controller(leader.epoch(), ++step);
        List<Envelope> envelopes = writes.stream()
                .map(write -> new Envelope(leader.cell(), write.generation(), origin, write.value()))
                .toList();
        writer.commit(envelopes);
        envelopes.forEach(fold::committed);
        meters.written(envelopes);
        plannedNanos -= REPLAN_NANOS;
    }

    @Override
    public void close() {
        writer.close();
    }
}
