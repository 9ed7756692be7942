package io.viommufleet.common.observe;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.util.Locale;
import java.util.function.Supplier;
import java.util.function.ToDoubleFunction;

/**
 * Registers the fleet's own meters, all under {@code viommu.}, so that names, buckets and states come out alike in every
 * role. Asking twice for one meter gives the same. Thread-safe.
 */
public final class FleetMeters {
    private static final String PREFIX = "viommu.";

    /** From a map of a few pages to an attach that waits for a reset; eight buckets, because each is a series. */
    private static final Duration[] BUCKETS = {
        Duration.ofNanos(100_000),
        Duration.ofMillis(1),
        Duration.ofMillis(10),
        Duration.ofMillis(50),
        Duration.ofMillis(250),
        Duration.ofSeconds(1),
        Duration.ofSeconds(5),
        Duration.ofSeconds(30)
    };

    private final MeterRegistry registry;

    public FleetMeters(MeterRegistry registry) {
        this.registry = registry;
    }

    /**
     * A counter.
     *
     * @param name with dots, after {@code viommu.}, without unit or {@code total}: {@code rejected.records}
     * @param tags names and values in turn, each from a small fixed set
     */
    public Counter counter(String name, String description, String... tags) {
        return Counter.builder(PREFIX + name)
                .description(description)
                .tags(tags)
                .register(registry);
    }

    /** A timer with the fleet's buckets. */
    public Timer timer(String name, String description, String... tags) {
        return Timer.builder(PREFIX + name)
                .description(description)
                .tags(tags)
                .serviceLevelObjectives(BUCKETS)
                .register(registry);
    }

    /** A value that is asked for at each scrape, from any thread. */
    public void gauge(String name, String description, Supplier<Number> value, String... tags) {
        Gauge.builder(PREFIX + name, value).description(description).tags(tags).register(registry);
    }

    /** How many things are in each state: one series for every constant, which is the value of its label. */
    public <E extends Enum<E>> void states(
            String name, String description, Class<E> states, ToDoubleFunction<E> count) {
        for (E state : states.getEnumConstants()) {
            gauge(name, description, () -> count.applyAsDouble(state), "state", word(state));
        }
    }

    /** A constant as a label's value: in lower case. */
    public static String word(Enum<?> constant) {
        return constant.name().toLowerCase(Locale.ROOT);
    }
}
