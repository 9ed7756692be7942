package io.viommufleet.common.kafka;

import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.binder.kafka.KafkaClientMetrics;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.producer.Producer;

/**
 * How to reach Kafka. Clients are made from it; it holds none itself.
 *
 * @param bootstrapServers host:port, several separated by commas
 * @param properties further client properties, such as those of TLS; they win over ours
 * @param deadline how long one request to Kafka may take, retries included
 * @param meters where the clients' own metrics go, if anywhere
 */
public record KafkaConnection(
        String bootstrapServers, Map<String, String> properties, Duration deadline, Optional<MeterRegistry> meters) {
    private static final Duration DEFAULT_DEADLINE = Duration.ofSeconds(15);
    private static final Duration RECONNECT_MAXIMUM = Duration.ofSeconds(1);

    public KafkaConnection {
        properties = Map.copyOf(properties);
    }

    /** Plain text, the default deadline, no metrics. */
    public static KafkaConnection to(String bootstrapServers) {
        return new KafkaConnection(bootstrapServers, Map.of(), DEFAULT_DEADLINE, Optional.empty());
    }

    /** The same with another deadline. */
    public KafkaConnection within(Duration newDeadline) {
        return new KafkaConnection(bootstrapServers, properties, newDeadline, meters);
    }

    /** The same with the clients' metrics bound to a registry for as long as each client lives. */
    public KafkaConnection meteredBy(MeterRegistry registry) {
        return new KafkaConnection(bootstrapServers, properties, deadline, Optional.of(registry));
    }

    /**
     * Asks Kafka for its nodes.
     *
     * @throws io.viommufleet.common.FleetException UNREACHABLE if none answers within the deadline
     */
    public void requireReachable() {
        try (Admin admin = admin("viommu-probe")) {
            admin.describeCluster().nodes().get();
        } catch (ExecutionException failure) {
            throw KafkaFailure.of("asking for the nodes", this, failure);
        } catch (InterruptedException interrupted) {
            throw KafkaFailure.interrupted("asking for the nodes", interrupted);
        }
    }

    Admin admin(String clientId) {
        Map<String, Object> settings = common(clientId);
        settings.put(AdminClientConfig.REQUEST_TIMEOUT_MS_CONFIG, millis(requestTimeout()));
        settings.put(AdminClientConfig.DEFAULT_API_TIMEOUT_MS_CONFIG, millis(deadline));
        try {
            return Admin.create(withOverrides(settings));
        } catch (RuntimeException failure) {
            throw KafkaFailure.of("connecting", this, failure);
        }
    }

    /** Settings that every client has. */
    Map<String, Object> common(String clientId) {
        Map<String, Object> settings = new HashMap<>();
        settings.put(AdminClientConfig.BOOTSTRAP_SERVERS_CONFIG, bootstrapServers);
        settings.put(AdminClientConfig.CLIENT_ID_CONFIG, clientId);
        settings.put(AdminClientConfig.RECONNECT_BACKOFF_MAX_MS_CONFIG, millis(RECONNECT_MAXIMUM));
        return settings;
    }

    Map<String, Object> withOverrides(Map<String, Object> settings) {
        settings.putAll(properties);
        return settings;
    }

    /** One attempt within the deadline. */
    Duration requestTimeout() {
        return deadline.dividedBy(2);
    }

    static int millis(Duration duration) {
        return Math.toIntExact(duration.toMillis());
    }

    /** Binds a producer's metrics; closing the result takes them away. */
    AutoCloseable meter(Producer<?, ?> producer) {
        return meters.<AutoCloseable>map(registry -> bind(new KafkaClientMetrics(producer), registry))
                .orElse(() -> {});
    }

    /** Binds a consumer's metrics; closing the result takes them away. */
    AutoCloseable meter(Consumer<?, ?> consumer) {
        return meters.<AutoCloseable>map(registry -> bind(new KafkaClientMetrics(consumer), registry))
                .orElse(() -> {});
    }

    private static KafkaClientMetrics bind(KafkaClientMetrics metrics, MeterRegistry registry) {
        metrics.bindTo(registry);
        return metrics;
    }
}
