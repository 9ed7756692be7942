package io.viommufleet.controller.app;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import io.viommufleet.common.model.Envelope;
import io.viommufleet.common.model.Leader;
import io.viommufleet.common.model.Phase;
import io.viommufleet.common.model.Rejected;
import io.viommufleet.common.observe.FleetMeters;
import io.viommufleet.controller.cell.CellSummary;
import io.viommufleet.controller.cell.CellSummary.HostCondition;
import io.viommufleet.controller.cell.CellSummary.ModelAnswer;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicReference;

/** The metrics of one cell. Its cell writes them, scrapes read them. */
final class CellMeters {
    private final MeterRegistry registry;
    private final String cell;
    private final Timer steps;
    private final Counter rejected;
    private final Set<ModelAnswer> known = ConcurrentHashMap.newKeySet();
    private final AtomicReference<Optional<CellSummary>> summary = new AtomicReference<>(Optional.empty());
    private volatile long epoch;
    private volatile int featureLevel;
    private volatile boolean refused;
    private volatile long lag;

    CellMeters(MeterRegistry registry, int cell) {
        this.registry = registry;
        this.cell = Integer.toString(cell);
        FleetMeters meters = new FleetMeters(registry);
        steps = meters.timer("cell.step", "planning and committing one step of a cell", "cell", this.cell);
        rejected =
                meters.counter("rejected.records", "records that could not be read or were refused", "cell", this.cell);
        meters.gauge(
                "leader.epoch",
                "epoch of this controller's leadership, 0 where it does not lead",
                () -> epoch,
                "cell",
                this.cell);
        meters.gauge(
                "feature.level",
                "finalised feature level of the cell, 0 where this controller does not lead it",
                () -> featureLevel,
                "cell",
                this.cell);
        meters.gauge(
                "cell.refused",
                "1 where this controller does not know the cell's feature level, and so does not lead it",
                () -> refused ? 1 : 0,
                "cell",
                this.cell);
        meters.gauge(
                "decision.drift",
                "placements whose certificate did not follow from their configuration; must be 0",
                () -> summary.get().map(CellSummary::drift).orElse(0L),
                "cell",
                this.cell);
        meters.gauge(
                "hosts.drifted",
                "hosts whose last boot changed what they can do",
                () -> summary.get().map(CellSummary::driftedHosts).orElse(0L),
                "cell",
                this.cell);
        meters.gauge(
                "vms.stranded",
                "VMs that ran on a host which can no longer attach their devices since its last boot",
                () -> summary.get().map(CellSummary::strandedVms).orElse(0L),
                "cell",
                this.cell);
        meters.gauge("log.lag", "records of the cell's log that are not read yet", () -> lag, "cell", this.cell);
        for (Phase phase : Phase.values()) {
            meters.gauge(
                    "vms", "VMs by phase", () -> count(phase), "cell", this.cell, "phase", FleetMeters.word(phase));
        }
        for (HostCondition condition : HostCondition.values()) {
            meters.gauge(
                    "hosts",
                    "hosts by state",
                    () -> count(condition),
                    "cell",
                    this.cell,
                    "state",
                    FleetMeters.word(condition));
        }
    }

    private long count(Phase phase) {
        return summary.get()
                .map(now -> now.vmsByPhase().getOrDefault(phase, 0L))
                .orElse(0L);
    }

    private long count(HostCondition condition) {
        return summary.get()
                .map(now -> now.hostsByState().getOrDefault(condition, 0L))
                .orElse(0L);
    }

    private long count(ModelAnswer answer) {
        return summary.get()
                .map(now -> now.decisions().getOrDefault(answer, 0L))
                .orElse(0L);
    }

    void leading(Leader leader) {
        epoch = leader.epoch();
        featureLevel = leader.featureLevel();
    }

    void notLeading() {
        epoch = 0;
        featureLevel = 0;
        summary.set(Optional.empty());
    }

    void refused(boolean now) {
        refused = now;
    }

    boolean isRefused() {
        return refused;
    }

    void lag(long records) {
        lag = records;
    }

    boolean isLeading() {
        return epoch > 0;
    }

    void timeStep(Runnable work) {
        steps.record(work);
    }

    void written(List<Envelope> envelopes) {
        rejected.increment((double) envelopes.stream()
                .filter(envelope -> envelope.value() instanceof Rejected)
                .count());
    }

    /** Decisions are counted by model and answer; a pair gets its series when it first occurs. */
    void summary(CellSummary now) {
        summary.set(Optional.of(now));
        now.decisions().keySet().stream()
                .filter(known::add)
                .forEach(answer -> Gauge.builder("viommu.decisions", () -> count(answer))
                        .description("standing decisions by vIOMMU model and answer")
                        .tags("cell", cell, "model", answer.model(), "answer", answer.answer())
                        .register(registry));
    }
}
