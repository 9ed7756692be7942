package io.viommufleet.controller.app;

import io.viommufleet.common.FleetException;
import io.viommufleet.common.kafka.GroupReader;
import io.viommufleet.common.kafka.KafkaConnection;
import io.viommufleet.common.kafka.Partitions;
import io.viommufleet.common.kafka.Topics;
import io.viommufleet.common.observe.Check;
import io.viommufleet.common.observe.Health;
import io.viommufleet.common.observe.ObservabilityServer;
import io.viommufleet.common.observe.RoleMetrics;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.LockSupport;
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
    private static final Duration POLL = Duration.ofMillis(250);
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
        assignment = new CellAssignment(this::lead);
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

    private CellLoop lead(int cell) {
        CellMeters cellMeters = meters.computeIfAbsent(cell, number -> new CellMeters(metrics.registry(), number));
        return new CellLoop(cell, config, kafka, layout, cellMeters);
    }

    private void takePart() {
        while (!stopping) {
            try (GroupReader reader = new GroupReader(kafka, config.instance() + "-group", GROUP, assignment)) {
                while (!stopping) {
                    reader.poll(POLL);
                }
            } catch (FleetException failure) {
                LOGGER.atWarn().addKeyValue("error", failure.getMessage()).log("left the group, joining again");
                LockSupport.parkNanos(Duration.ofSeconds(1).toNanos());
            } finally {
                assignment.close();
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
            return List.of(new Check(
                    "cells", leading == assigned, "leads %d of %d assigned cells".formatted(leading, assigned)));
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
