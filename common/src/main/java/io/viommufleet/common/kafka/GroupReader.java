package io.viommufleet.common.kafka;

import io.viommufleet.common.model.FleetTopic;
import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.clients.consumer.CooperativeStickyAssignor;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/**
 * Shares the cells of the fleet among the members of a Kafka consumer group: one partition of {@code fleet.leaders} is one
 * cell. It reads no records. One thread calls {@link #poll}.
 */
public final class GroupReader implements AutoCloseable {
    private static final int SESSION_TIMEOUT_MILLIS = 6_000;
    private static final int HEARTBEAT_MILLIS = 1_500;

    private final KafkaConnection connection;
    private final KafkaConsumer<byte[], byte[]> consumer;
    private final AutoCloseable metrics;

    /** Told of cells as they come and go; on the thread that polls. */
    public interface Listener {
        /** These cells are this member's now. */
        void assigned(Collection<Integer> cells);

        /** These are no longer; it returns when nothing more is done for them. */
        void revoked(Collection<Integer> cells);
    }

    /**
     * Joins the group.
     *
     * @param clientId a stable name
     */
    public GroupReader(KafkaConnection connection, String clientId, String group, Listener listener) {
        this.connection = connection;
        Map<String, Object> settings = new HashMap<>(connection.common(clientId));
        settings.put(ConsumerConfig.GROUP_ID_CONFIG, group);
        settings.put(ConsumerConfig.GROUP_PROTOCOL_CONFIG, "classic");
        settings.put(ConsumerConfig.SESSION_TIMEOUT_MS_CONFIG, SESSION_TIMEOUT_MILLIS);
        settings.put(ConsumerConfig.HEARTBEAT_INTERVAL_MS_CONFIG, HEARTBEAT_MILLIS);
        settings.put(
                ConsumerConfig.PARTITION_ASSIGNMENT_STRATEGY_CONFIG,
                List.of(CooperativeStickyAssignor.class.getName()));
        settings.put(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, false);
        settings.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "latest");
        settings.put(ConsumerConfig.KEY_DESERIALIZER_CLASS_CONFIG, ByteArrayDeserializer.class);
        settings.put(ConsumerConfig.VALUE_DESERIALIZER_CLASS_CONFIG, ByteArrayDeserializer.class);
        consumer = new KafkaConsumer<>(connection.withOverrides(settings));
        metrics = connection.meter(consumer);
        consumer.subscribe(List.of(FleetTopic.LEADERS.topicName()), new ConsumerRebalanceListener() {
            @Override
            public void onPartitionsAssigned(Collection<TopicPartition> partitions) {
                consumer.pause(partitions);
                listener.assigned(cells(partitions));
            }

            @Override
            public void onPartitionsRevoked(Collection<TopicPartition> partitions) {
                listener.revoked(cells(partitions));
            }
        });
    }

    private static List<Integer> cells(Collection<TopicPartition> partitions) {
        return partitions.stream().map(TopicPartition::partition).toList();
    }

    /** Takes part in the group for at most {@code timeout}; to be called again and again, or the cells go elsewhere. */
    public void poll(Duration timeout) {
        try {
            var _ = consumer.poll(timeout);
        } catch (KafkaException failure) {
            throw KafkaFailure.of("taking part in the group of controllers", connection, failure);
        }
    }

    @Override
    public void close() {
        Closing.quietly(metrics);
        Closing.quietly(consumer);
    }
}
