package io.viommufleet.common.observe;

import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.binder.MeterBinder;
import io.micrometer.core.instrument.binder.jvm.ClassLoaderMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmGcMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmMemoryMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmThreadMetrics;
import io.micrometer.core.instrument.binder.system.FileDescriptorMetrics;
import io.micrometer.core.instrument.binder.system.ProcessorMetrics;
import io.micrometer.core.instrument.binder.system.UptimeMetrics;
import io.micrometer.core.instrument.config.MeterFilter;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.util.List;
import java.util.Set;

/**
 * The metrics of one role: its own, the JVM's and its Kafka clients', within a budget of series. It owns the registry and
 * everything bound here. Thread-safe.
 */
public final class RoleMetrics implements AutoCloseable {
    /** How many series one agent may have, those of its Kafka clients and its JVM included. */
    public static final int SERIES_BUDGET = 500;

    private static final String KAFKA_PREFIX = "kafka.";

    /** Labels of Kafka's clients that multiply their series by nodes, topics and partitions. */
    private static final Set<String> KAFKA_NOISE = Set.of("node.id", "node-id", "topic", "partition");

    private final PrometheusMeterRegistry registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
    private final JvmGcMetrics garbageCollection = new JvmGcMetrics();

    /** Makes a registry and binds the JVM to it. */
    public RoleMetrics() {
        registry.config().meterFilter(MeterFilter.deny(RoleMetrics::kafkaNoise));
        List<MeterBinder> binders = List.of(
                new ClassLoaderMetrics(),
                new JvmMemoryMetrics(),
                garbageCollection,
                new JvmThreadMetrics(),
                new ProcessorMetrics(),
                new FileDescriptorMetrics(),
                new UptimeMetrics());
        binders.forEach(binder -> binder.bindTo(registry));
    }

    /** Where a role registers its meters. */
    public PrometheusMeterRegistry registry() {
        return registry;
    }

    /** Everything in Prometheus' text format. */
    public String scrape() {
        return registry.scrape();
    }

    private static boolean kafkaNoise(Meter.Id id) {
        return id.getName().startsWith(KAFKA_PREFIX)
                && id.getTags().stream().anyMatch(tag -> KAFKA_NOISE.contains(tag.getKey()));
    }

    @Override
    public void close() {
        garbageCollection.close();
        registry.close();
    }
}
