package io.viommufleet.common.kafka;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.viommufleet.common.FleetError;
import io.viommufleet.common.FleetException;
import io.viommufleet.common.model.FleetTopic;
import io.viommufleet.common.wire.Decoded;
import io.viommufleet.common.wire.RecordCodec;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ListOffsetsOptions;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.consumer.CloseOptions;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetOutOfRangeException;
import org.apache.kafka.common.IsolationLevel;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.jspecify.annotations.Nullable;

/**
 * Reads partitions of the fleet's log from their beginning to where they ended when the reader was made, and then on; where
 * they end can be noted anew.
 *
 * <p>It sees committed transactions only, but the ends are those of the whole log: whatever was written before the reader
 * was made, or is still being committed, is read before {@link #loaded} holds. A record that cannot be decoded, or lies in a
 * partition that it does not belong in, is handed over as unreadable. No consumer group, no stored offsets. One thread.
 */
public final class LogReader implements AutoCloseable {
    private static final Duration POLL = Duration.ofMillis(200);
    private static final Duration NO_PROGRESS = Duration.ofSeconds(40);

    private final KafkaConnection connection;
    private final Partitions layout;
    private final Map<String, FleetTopic> topics;
    private final KafkaConsumer<byte[], byte @Nullable []> consumer;
    private final AutoCloseable metrics;
    private final String clientId;
    private final Map<TopicPartition, Long> ends = new HashMap<>();
    private final Set<TopicPartition> loading = new HashSet<>();

    /**
     * Starts at the beginning of the partitions and notes where they end.
     *
     * @param clientId a stable name
     * @throws FleetException UNREACHABLE if Kafka does not answer within the deadline
     */
    public LogReader(
            KafkaConnection connection, String clientId, Partitions layout, Collection<LogPartition> partitions) {
        this.connection = connection;
        this.layout = layout;
        topics = Arrays.stream(FleetTopic.values()).collect(Collectors.toMap(FleetTopic::topicName, topic -> topic));
        List<TopicPartition> assigned =
                partitions.stream().map(LogPartition::kafka).toList();
        this.clientId = clientId;
        aimAt(endsOf(assigned));
        try {
            consumer = new KafkaConsumer<>(settings(clientId));
        } catch (KafkaException failure) {
            throw KafkaFailure.of("connecting", connection, failure);
        }
        metrics = connection.meter(consumer);
        consumer.assign(assigned);
        consumer.seekToBeginning(assigned);
    }

    private Map<String, Object> settings(String clientId) {
        Map<String, Object> settings = connection.common(clientId);
        settings.put(ConsumerConfig.KEY_DESERIALIZER_CLASS_CONFIG, ByteArrayDeserializer.class);
        settings.put(ConsumerConfig.VALUE_DESERIALIZER_CLASS_CONFIG, ByteArrayDeserializer.class);
        settings.put(ConsumerConfig.ISOLATION_LEVEL_CONFIG, "read_committed");
        settings.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "none");
        settings.put(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, false);
        settings.put(ConsumerConfig.ALLOW_AUTO_CREATE_TOPICS_CONFIG, false);
        settings.put(ConsumerConfig.DEFAULT_API_TIMEOUT_MS_CONFIG, KafkaConnection.millis(connection.deadline()));
        settings.put(ConsumerConfig.REQUEST_TIMEOUT_MS_CONFIG, KafkaConnection.millis(connection.requestTimeout()));
        return connection.withOverrides(settings);
    }

    /** Hands over the next records, waiting at most {@code timeout} for the first. */
    public List<LogRecord> poll(Duration timeout) {
        List<LogRecord> records = new ArrayList<>();
        try {
            for (ConsumerRecord<byte[], byte @Nullable []> record : consumer.poll(timeout)) {
                records.add(read(record));
            }
            dropReached();
        } catch (OffsetOutOfRangeException truncated) {
            throw new FleetException(
                    FleetError.CONFLICT,
                    "the log no longer has the offsets that were next (%s): it must be read from its beginning"
                            .formatted(truncated.partitions()),
                    truncated);
        } catch (KafkaException failure) {
            throw KafkaFailure.of("reading", connection, failure);
        }
        return records;
    }

    /**
     * Notes anew where the log ends: {@link #loaded} holds once everything up to there has been handed over, whatever is
     * still being committed included.
     */
    public void aimAtEnd() {
        aimAt(endsOf(consumer.assignment()));
        dropReached();
    }

    /**
     * Notes anew where the log ends, short of transactions that are still open: what a writer that died left open holds
     * nobody up.
     */
    public void aimAtCommitted() {
        try {
            aimAt(consumer.endOffsets(consumer.assignment()));
            dropReached();
        } catch (KafkaException failure) {
            throw KafkaFailure.of("asking where the log ends", connection, failure);
        }
    }

    private void aimAt(Map<TopicPartition, Long> newEnds) {
        ends.clear();
        ends.putAll(newEnds);
        loading.clear();
        loading.addAll(newEnds.keySet());
    }

    private void dropReached() {
        loading.removeIf(partition -> consumer.position(partition) >= ends.getOrDefault(partition, 0L));
    }

    /** Whether everything up to the ends that were noted last has been handed over. */
    public boolean loaded() {
        return loading.isEmpty();
    }

    /**
     * Hands over everything up to the ends that were noted last.
     *
     * @throws FleetException UNREACHABLE if nothing comes for longer than an abandoned transaction can last
     */
    public void load(Consumer<LogRecord> sink) {
        long lastProgressNanos = System.nanoTime();
        while (!loaded()) {
            int left = loading.size();
            List<LogRecord> records = poll(POLL);
            records.forEach(sink);
            if (!records.isEmpty() || loading.size() < left) {
                lastProgressNanos = System.nanoTime();
            } else if (System.nanoTime() - lastProgressNanos > NO_PROGRESS.toNanos()) {
                throw new FleetException(
                        FleetError.UNREACHABLE,
                        "Kafka at %s gave nothing more of %s for %d s"
                                .formatted(connection.bootstrapServers(), loading, NO_PROGRESS.toSeconds()));
            }
        }
    }

    /** How many records the partitions hold that were not handed over, as of the last answers from Kafka. */
    public long lag() {
        return consumer.assignment().stream()
                .mapToLong(partition -> consumer.currentLag(partition).orElse(0L))
                .sum();
    }

    @Override
    public void close() {
        Closing.quietly(metrics);
        consumer.close(CloseOptions.timeout(Closing.DEADLINE));
    }

    private LogRecord read(ConsumerRecord<byte[], byte @Nullable []> record) {
        FleetTopic topic = topics.get(record.topic());
        if (topic == null) {
            throw new IllegalStateException("read from " + record.topic() + ", which was never assigned");
        }
        byte @Nullable [] key = record.key();
        Decoded decoded = RecordCodec.decode(topic, layout.cellOf(topic, record.partition()), key, record.value());
        return new LogRecord(
                topic,
                record.partition(),
                record.offset(),
                record.timestamp(),
                key == null ? "" : new String(key, UTF_8),
                inItsPlace(record, decoded));
    }

    private Decoded inItsPlace(ConsumerRecord<byte[], byte @Nullable []> record, Decoded decoded) {
        if (!(decoded instanceof Decoded.Ok(var envelope))) {
            return decoded;
        }
        int right = layout.of(envelope);
        return right == record.partition()
                ? decoded
                : new Decoded.Unreadable(
                        "the record belongs in partition %d and lies in partition %d"
                                .formatted(right, record.partition()),
                        RecordCodec.head(record.value()));
    }

    private Map<TopicPartition, Long> endsOf(Collection<TopicPartition> assigned) {
        Map<TopicPartition, OffsetSpec> latest =
                assigned.stream().collect(Collectors.toMap(partition -> partition, partition -> OffsetSpec.latest()));
        try (Admin admin = connection.admin(clientId + "-ends")) {
            Map<TopicPartition, Long> offsets = new HashMap<>();
            admin.listOffsets(latest, new ListOffsetsOptions(IsolationLevel.READ_UNCOMMITTED))
                    .all()
                    .get()
                    .forEach((partition, found) -> offsets.put(partition, found.offset()));
            return offsets;
        } catch (ExecutionException failure) {
            throw KafkaFailure.of("asking where the log ends", connection, failure);
        } catch (InterruptedException interrupted) {
            throw KafkaFailure.interrupted("asking where the log ends", interrupted);
        }
    }
}
