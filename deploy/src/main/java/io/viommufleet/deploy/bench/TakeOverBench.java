package io.viommufleet.deploy.bench;

import io.viommufleet.common.FleetError;
import io.viommufleet.common.FleetException;
import io.viommufleet.common.kafka.FleetWriter;
import io.viommufleet.common.kafka.KafkaConnection;
import io.viommufleet.common.kafka.LogPartition;
import io.viommufleet.common.kafka.LogReader;
import io.viommufleet.common.kafka.LogRecord;
import io.viommufleet.common.kafka.Partitions;
import io.viommufleet.common.kafka.Topics;
import io.viommufleet.common.kafka.TransactionalWriter;
import io.viommufleet.common.model.Envelope;
import io.viommufleet.common.model.FeatureLevel;
import io.viommufleet.common.model.FleetTopic;
import io.viommufleet.common.model.Leader;
import io.viommufleet.common.model.Origin;
import io.viommufleet.common.wire.Decoded;
import io.viommufleet.deploy.bench.BenchReport.Result;
import io.viommufleet.deploy.broker.BrokerSettings;
import io.viommufleet.deploy.broker.EmbeddedBroker;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;

/**
 * How long a large cell is without a leader: two controllers as processes, one broker, and VMs that are asked
 * for all the time. It ends when the first placement by the standby is committed: it has planned.
 */
public final class TakeOverBench implements AutoCloseable {
    /** Its name on the command line. */
    public static final String NAME = "takeover";

    private static final int VMS = 100_000;
    private static final int ROUNDS = 3;
    private static final double KILLED_NANOS = 8e9;
    private static final double STOPPED_NANOS = 1e9;
    private static final int TRANSACTION = 500;
    private static final Partitions LAYOUT = new Partitions(1, 1);
    private static final Duration POLL = Duration.ofMillis(20);
    private static final Duration PROBE = Duration.ofMillis(200);
    private static final Duration DEADLINE = Duration.ofMinutes(5);

    private final Consumer<String> progress;
    private final Path directory;
    private final EmbeddedBroker broker;
    private final KafkaConnection kafka;
    private int started;

    private TakeOverBench(Consumer<String> progress, Path directory) {
        this.progress = progress;
        this.directory = directory;
        broker = EmbeddedBroker.start(BrokerSettings.local(directory.resolve("broker")));
        kafka = KafkaConnection.to(broker.bootstrapServers());
        new Topics(kafka).create(LAYOUT, 1);
    }

    /**
     * Measures everything; takes some minutes and about four gigabytes of memory.
     *
     * @param progress is told what is being done
     * @throws FleetException FAILED if a controller does not do its work at all
     */
    public static BenchReport run(Consumer<String> progress) {
        return run(progress, VMS, ROUNDS);
    }

    static BenchReport run(Consumer<String> progress, int vms, int rounds) {
        Path directory = temporaryDirectory();
        try (TakeOverBench bench = new TakeOverBench(progress, directory)) {
            bench.seed(vms);
            return bench.measure(vms, rounds);
        } finally {
            EmbeddedBroker.deleteData(directory);
        }
    }

    private static Path temporaryDirectory() {
        try {
            return Files.createTempDirectory("viommu-takeover");
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
    }

    private void seed(int vms) {
        progress.accept("take-over: writing the log of %,d VMs".formatted(vms));
        try (FleetWriter others = new FleetWriter(kafka, "bench-seed", LAYOUT);
                TransactionalWriter leader = new TransactionalWriter(kafka, "viommu-fleet-cell-0", LAYOUT)) {
            Leader first = new Leader(0, 1, "bench", FeatureLevel.LATEST, LAYOUT.attachmentsPerCell());
            leader.commit(List.of(new Envelope(0, 1, new Origin.Controller(1, 1), first)));
            for (int host = 0; host < Math.ceilDiv(vms, SeededCell.VMS_PER_HOST); host++) {
                List<Envelope> own = new ArrayList<>();
                SeededCell.of(host, envelope -> {
                    if (envelope.origin() instanceof Origin.Controller) {
                        own.add(envelope);
                    } else {
                        var _ = others.send(envelope);
                    }
                });
                for (int from = 0; from < own.size(); from += TRANSACTION) {
                    leader.commit(own.subList(from, Math.min(own.size(), from + TRANSACTION)));
                }
            }
            others.flush();
        }
    }

    private BenchReport measure(int vms, int rounds) {
        List<Result> results = new ArrayList<>();
        ControllerProcess leader = start();
        ControllerProcess standby = start();
        try (LogReader reader = new LogReader(
                        kafka, "bench-reader", LAYOUT, List.of(new LogPartition(FleetTopic.PLACEMENTS, 0)));
                FleetWriter users = new FleetWriter(kafka, "bench-users", LAYOUT)) {
            double[] killed = new double[rounds];
            double[] stopped = new double[rounds];
            for (int round = 0; round < 2 * rounds; round++) {
                boolean kill = round % 2 == 0;
                awaitStandby(leader, standby, reader);
                double nanos = takeOver(leader, kill, reader, users);
                (kill ? killed : stopped)[round / 2] = nanos;
                progress.accept("take-over: %s after %.2f s".formatted(kill ? "SIGKILL" : "SIGTERM", nanos / 1e9));
                leader.close();
                leader = standby;
                standby = start();
            }
            results.add(result("takeover-killed", vms, killed, KILLED_NANOS));
            results.add(result("takeover-stopped", vms, stopped, STOPPED_NANOS));
        } finally {
            leader.close();
            standby.close();
        }
        return new BenchReport(NAME, results);
    }

    private ControllerProcess start() {
        return ControllerProcess.start("controller-" + started++, broker.bootstrapServers(), directory);
    }

    /** The one leads and has nothing left to plan, the other has caught up. */
    private void awaitStandby(ControllerProcess leader, ControllerProcess standby, LogReader reader) {
        progress.accept("take-over: waiting for the standby");
        await(() -> {
            boolean ready = leader.metric("viommu_leader_epoch") > 0
                    && standby.metric("viommu_standby_cells") == 1
                    && leader.metric("viommu_log_lag") == 0;
            LockSupport.parkNanos(Duration.ofMillis(500).toNanos());
            return ready;
        });
        while (!reader.poll(Duration.ofSeconds(2)).isEmpty()) {
            progress.accept("take-over: waiting for the leader to have nothing to write");
        }
    }

    /** Until the first plan of a later leader is committed; a VM that fits nowhere is asked for again and again. */
    private double takeOver(ControllerProcess leader, boolean kill, LogReader reader, FleetWriter users) {
        long before = Math.round(leader.metric("viommu_leader_epoch"));
        long startNanos = System.nanoTime();
        if (kill) {
            leader.kill();
        } else {
            leader.terminate();
        }
        long asked = 0;
        long deadlineNanos = startNanos + DEADLINE.toNanos();
        while (reader.poll(POLL).stream().noneMatch(record -> epoch(record) > before)) {
            long passedNanos = System.nanoTime() - startNanos;
            if (passedNanos >= asked * PROBE.toNanos()) {
                asked++;
                var _ = users.send(
                        new Envelope(0, 0, new Origin.User(), SeededCell.vm("probe-" + started++, "nowhere")));
            }
            requireBefore(deadlineNanos);
        }
        return System.nanoTime() - startNanos;
    }

    private static long epoch(LogRecord record) {
        return record.decoded() instanceof Decoded.Ok(Envelope envelope)
                        && envelope.origin() instanceof Origin.Controller by
                ? by.epoch()
                : 0;
    }

    private static void await(BooleanSupplier reached) {
        long deadlineNanos = System.nanoTime() + DEADLINE.toNanos();
        while (!reached.getAsBoolean()) {
            requireBefore(deadlineNanos);
        }
    }

    private static void requireBefore(long deadlineNanos) {
        if (System.nanoTime() > deadlineNanos) {
            throw new FleetException(
                    FleetError.FAILED, "the controllers did not get there within %s".formatted(DEADLINE));
        }
    }

    private static Result result(String metric, int vms, double[] nanos, double goalNanos) {
        double[] sorted = nanos.clone();
        Arrays.sort(sorted);
        double median = sorted[sorted.length / 2];
        return new Result(
                metric,
                median / goalNanos,
                1,
                "%.2f s of %.0f s with %,d VMs, median of %s s"
                        .formatted(
                                median / 1e9,
                                goalNanos / 1e9,
                                vms,
                                Arrays.stream(sorted)
                                        .mapToObj(one -> "%.2f".formatted(one / 1e9))
                                        .toList()));
    }

    @Override
    public void close() {
        broker.close();
    }
}
