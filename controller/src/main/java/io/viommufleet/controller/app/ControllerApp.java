package io.viommufleet.controller.app;

import io.viommufleet.common.FleetException;
import io.viommufleet.common.kafka.GroupReader;
import io.viommufleet.common.kafka.KafkaConnection;
import io.viommufleet.common.kafka.Partitions;
import io.viommufleet.common.kafka.Topics;
import io.viommufleet.common.model.FeatureLevel;
import io.viommufleet.common.observe.Check;
import io.viommufleet.common.observe.FleetMeters;
import io.viommufleet.common.observe.Health;
import io.viommufleet.common.observe.ObservabilityServer;
import io.viommufleet.common.observe.RoleMetrics;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A controller: leads the cells that the group assigns to it, until it is closed.
 *
 * <p>Starting fails if Kafka cannot be reached or the topics are not set up as the fleet needs them. Later outages are ridden
 * out.
 */
public final class ControllerApp implements AutoCloseable {
    private static final Logger LOGGER = LoggerFactory.getLogger(ControllerApp.class);
    private static final String GROUP = "viommu-fleet-controllers";
    private static final Duration POLL = Duration.ofMillis(100);
    private static final long AGREE_ANEW_NANOS = Duration.ofSeconds(1).toNanos();
    private static final Duration STOP = Duration.ofSeconds(20);

    private final ControllerConfig config;
    private final RoleMetrics metrics;
    private final KafkaConnection kafka;
    private final Partitions layout;
    private final Map<Integer, CellMeters> meters = new ConcurrentHashMap<>();
    private final CellAssignment assignment;
    private final ObservabilityServer http;
    private final Thread group;
    private volatile boolean stopping;

    private ControllerApp(ControllerConfig config, RoleMetrics metrics, KafkaConnection kafka, Partitions layout) {
        this.config = config;
        this.metrics = metrics;
        this.kafka = kafka;
        this.layout = layout;
        assignment = new CellAssignment(this::loop, this::refused);
        new FleetMeters(metrics.registry())
                .gauge(
                        "standby.cells",
                        "cells that this controller follows as their standby, with nothing left to catch up on",
                        () -> assignment.followed().size());
        http = ObservabilityServer.start(config.httpHost(), config.httpPort(), metrics, new ControllerHealth());
        group = Thread.ofPlatform().name("controller-group").start(this::takePart);
    }

    /**
     * Starts a controller.
     *
     * @throws FleetException UNREACHABLE without Kafka, CONFLICT or NOT_FOUND where the topics do not fit
     */
    public static ControllerApp start(ControllerConfig config) {
        RoleMetrics metrics = new RoleMetrics();
        try {
            KafkaConnection kafka = config.kafka().meteredBy(metrics.registry());
            kafka.requireReachable();
            Topics topics = new Topics(kafka);
            Partitions layout = config.layout().orElseGet(topics::find);
            if (config.createTopics()) {
                topics.create(layout, config.replication());
            } else {
                topics.check(layout, config.replication());
            }
            return new ControllerApp(config, metrics, kafka, layout);
        } catch (FleetException failure) {
            metrics.close();
            throw failure;
        }
    }

    /** Where metrics and health are. */
    public String url() {
        return http.url();
    }

    private CellLoop loop(int cell) {
        CellMeters cellMeters = meters.computeIfAbsent(cell, number -> new CellMeters(metrics.registry(), number));
        return new CellLoop(cell, config, kafka, layout, cellMeters);
    }

    private Set<Integer> refused() {
        return meters.entrySet().stream()
                .filter(entry -> entry.getValue().isRefused())
                .map(Map.Entry::getKey)
                .collect(Collectors.toSet());
    }

    private void takePart() {
        while (!stopping) {
            try (GroupReader reader = new GroupReader(kafka, config.instance() + "-group", GROUP, assignment)) {
                takePart(reader);
            } catch (FleetException failure) {
                LOGGER.atWarn().addKeyValue("error", failure.getMessage()).log("left the group, joining again");
                LockSupport.parkNanos(Duration.ofSeconds(1).toNanos());
            } finally {
                assignment.close();
            }
        }
    }

    private void takePart(GroupReader reader) {
        long askedNanos = System.nanoTime();
        while (!stopping) {
            reader.poll(POLL);
            boolean somethingNew = assignment.asksForWord() || !reader.isUpToDate();
            if (somethingNew && System.nanoTime() - askedNanos >= AGREE_ANEW_NANOS) {
                reader.agreeAnew("what this controller follows, refuses or doubts has changed");
                askedNanos = System.nanoTime();
            }
        }
    }

    @Override
    public void close() {
        stopping = true;
        try {
            if (!group.join(STOP)) {
                LOGGER.atWarn().log("the controller did not stop in time");
            }
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
        http.close();
        metrics.close();
    }

    private final class ControllerHealth implements Health {
        @Override
        public List<Check> live() {
            return List.of(new Check("group-thread", group().isAlive(), "takes part in the group of controllers"));
        }

        @Override
        public List<Check> ready() {
            long leading = assignment.cells().stream()
                    .filter(cell -> {
                        CellMeters cellMeters = meters.get(cell);
                        return cellMeters != null && cellMeters.isLeading();
                    })
                    .count();
            int assigned = assignment.cells().size();
            Set<Integer> refused = refused();
            return List.of(
                    new Check(
                            "cells", leading == assigned, "leads %d of %d assigned cells".formatted(leading, assigned)),
                    new Check(
                            "feature-level",
                            refused.isEmpty(),
                            refused.isEmpty()
                                    ? "knows levels up to %d".formatted(FeatureLevel.LATEST)
                                    : "cells %s have a level above %d, the highest that this controller knows"
                                            .formatted(new TreeSet<>(refused), FeatureLevel.LATEST)));
        }

        @Override
        public List<Check> started() {
            return List.of(new Check("topics", true, "the topics are set up as the fleet needs them"));
        }

        private Thread group() {
            return group;
        }
    }
}
