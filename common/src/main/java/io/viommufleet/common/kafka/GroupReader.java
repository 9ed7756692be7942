package io.viommufleet.common.kafka;

import io.viommufleet.common.model.FleetTopic;
import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
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
 *
 * <p>A controller of the first release knows only Kafka's own assignor; while one is in the group, that one is used, and
 * nobody is told to be a standby.
 */
public final class GroupReader implements AutoCloseable {
    private static final int SESSION_TIMEOUT_MILLIS = 6_000;

    /** How long the others may not notice that a member has left in good order. */
    private static final int HEARTBEAT_MILLIS = 300;

    private final KafkaConnection connection;
    private final Listener listener;
    private final Told told;
    private final KafkaConsumer<byte[], byte[]> consumer;
    private final AutoCloseable metrics;

    /** One member of the group; called on the thread that polls. */
    public interface Listener {
        /** The cells whose log this member follows, with nothing left to catch up on. */
        Set<Integer> followed();

        /** The cells that this member will not lead. */
        Set<Integer> refused();

        /** These cells are no longer this member's; it returns when nothing more is done for them. */
        void revoked(Collection<Integer> cells);

        /** The group has agreed: all the cells that this member leads now, and all that it follows. */
        void settled(Set<Integer> led, Set<Integer> standby);
    }

    /** What the assignor, which Kafka makes, asks and tells. */
    interface Member {
        /** Nobody: nothing followed, nothing refused. */
        Member NONE = new Member() {
            @Override
            public Set<Integer> followed() {
                return Set.of();
            }

            @Override
            public Set<Integer> refused() {
                return Set.of();
            }

            @Override
            public void told(Set<Integer> standby) {}
        };

        Set<Integer> followed();

        Set<Integer> refused();

        void told(Set<Integer> standby);
    }

    /**
     * Joins the group.
     *
     * @param clientId a stable name
     */
    public GroupReader(KafkaConnection connection, String clientId, String group, Listener listener) {
        this.connection = connection;
        this.listener = listener;
        told = new Told(listener);
        consumer = new KafkaConsumer<>(settings(connection, clientId, group, told));
        metrics = connection.meter(consumer);
        consumer.subscribe(List.of(FleetTopic.LEADERS.topicName()), new ConsumerRebalanceListener() {
            @Override
            public void onPartitionsAssigned(Collection<TopicPartition> partitions) {
                consumer.pause(partitions);
                listener.settled(Set.copyOf(cells(consumer.assignment())), told.takeStandby());
            }

            @Override
            public void onPartitionsRevoked(Collection<TopicPartition> partitions) {
                listener.revoked(cells(partitions));
            }
        });
    }

    private static Map<String, Object> settings(
            KafkaConnection connection, String clientId, String group, Member member) {
        Map<String, Object> settings = new HashMap<>(connection.common(clientId));
        settings.put(ConsumerConfig.GROUP_ID_CONFIG, group);
        settings.put(ConsumerConfig.GROUP_PROTOCOL_CONFIG, "classic");
        settings.put(ConsumerConfig.SESSION_TIMEOUT_MS_CONFIG, SESSION_TIMEOUT_MILLIS);
        settings.put(ConsumerConfig.HEARTBEAT_INTERVAL_MS_CONFIG, HEARTBEAT_MILLIS);
        settings.put(
                ConsumerConfig.PARTITION_ASSIGNMENT_STRATEGY_CONFIG,
                List.of(CellAssignor.class.getName(), CooperativeStickyAssignor.class.getName()));
        settings.put(CellAssignor.MEMBER, member);
        settings.put(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, false);
        settings.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "latest");
        settings.put(ConsumerConfig.KEY_DESERIALIZER_CLASS_CONFIG, ByteArrayDeserializer.class);
        settings.put(ConsumerConfig.VALUE_DESERIALIZER_CLASS_CONFIG, ByteArrayDeserializer.class);
        return connection.withOverrides(settings);
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

    /** Whether the group knows what this member follows and refuses. */
    public boolean isUpToDate() {
        return told.followed.containsAll(listener.followed()) && told.refused.equals(listener.refused());
    }

    /** Has the group agree anew on who does what, as of the next {@link #poll}. */
    public void agreeAnew(String reason) {
        consumer.enforceRebalance(reason);
    }

    @Override
    public void close() {
        Closing.quietly(metrics);
        Closing.quietly(consumer);
    }

    /** What this member last told the group, and was told by it. */
    private static final class Told implements Member {
        private final Listener listener;
        private Set<Integer> followed = Set.of();
        private Set<Integer> refused = Set.of();
        private Set<Integer> standby = Set.of();

        Told(Listener listener) {
            this.listener = listener;
        }

        @Override
        public Set<Integer> followed() {
            followed = Set.copyOf(listener.followed());
            return followed;
        }

        @Override
        public Set<Integer> refused() {
            refused = Set.copyOf(listener.refused());
            return refused;
        }

        @Override
        public void told(Set<Integer> newStandby) {
            standby = newStandby;
        }

        /** Once: Kafka's own assignor tells of none. */
        Set<Integer> takeStandby() {
            Set<Integer> taken = standby;
            standby = Set.of();
            return taken;
        }
    }
}
