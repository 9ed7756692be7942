package io.viommufleet.deploy.agent;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.viommufleet.common.kafka.KafkaConnection;
import io.viommufleet.common.kafka.LogPartition;
import io.viommufleet.common.kafka.LogReader;
import io.viommufleet.common.kafka.LogRecord;
import io.viommufleet.common.kafka.Partitions;
import io.viommufleet.common.kafka.Topics;
import io.viommufleet.common.model.Envelope;
import io.viommufleet.common.model.FleetRecord;
import io.viommufleet.common.model.FleetTopic;
import io.viommufleet.common.model.Leader;
import io.viommufleet.common.model.Origin;
import io.viommufleet.common.wire.Decoded;
import io.viommufleet.common.wire.RecordCodec;
import io.viommufleet.deploy.broker.BrokerSettings;
import io.viommufleet.deploy.broker.EmbeddedBroker;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.function.Predicate;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/** A broker with the fleet's topics, on which a test writes what a leader would, and waits for what an agent says. */
final class FleetLog implements AutoCloseable {
    static final Partitions LAYOUT = new Partitions(1, 2);
    private static final Duration DEADLINE = Duration.ofSeconds(40);

    private final EmbeddedBroker broker;
    private final KafkaProducer<byte[], byte[]> producer;

    FleetLog(Path directory) {
        broker = EmbeddedBroker.start(BrokerSettings.local(directory));
        new Topics(connection()).create(LAYOUT, 1);
        producer = new KafkaProducer<>(
                Map.of("bootstrap.servers", bootstrapServers()), new ByteArraySerializer(), new ByteArraySerializer());
        lead(new Leader(0, 1, "test", 1, LAYOUT.attachmentsPerCell()), 1, 1);
    }

    String bootstrapServers() {
        return broker.bootstrapServers();
    }

    private KafkaConnection connection() {
        return KafkaConnection.to(bootstrapServers());
    }

    /** Writes as the leader of the only cell. */
    void lead(FleetRecord value, long epoch, long generation) {
        Envelope envelope = new Envelope(0, generation, new Origin.Controller(epoch, 1), value);
        put(value.topic(), LAYOUT.of(envelope), value.key(), RecordCodec.encode(envelope));
    }

    /** Writes any bytes anywhere. */
    void put(FleetTopic topic, int partition, String key, byte[] value) {
        try {
            producer.send(new ProducerRecord<>(topic.topicName(), partition, key.getBytes(UTF_8), value))
                    .get();
        } catch (InterruptedException | ExecutionException failure) {
            throw new AssertionError(failure);
        }
    }

    /** Reads a topic from its beginning until a value of a type fits. */
    <T extends FleetRecord> T await(FleetTopic topic, Class<T> type, Predicate<T> fits) {
        long deadlineNanos = System.nanoTime() + DEADLINE.toNanos();
        try (LogReader reader =
                new LogReader(connection(), "test-reader", LAYOUT, List.of(new LogPartition(topic, 0)))) {
            while (System.nanoTime() < deadlineNanos) {
                for (LogRecord record : reader.poll(Duration.ofMillis(200))) {
                    if (record.decoded() instanceof Decoded.Ok(Envelope envelope)
                            && type.isInstance(envelope.value())
                            && fits.test(type.cast(envelope.value()))) {
                        return type.cast(envelope.value());
                    }
                }
            }
        }
        throw new AssertionError(
                "no such " + type.getSimpleName() + " on " + topic.topicName() + " within " + DEADLINE);
    }

    @Override
    public void close() {
        producer.close();
        broker.close();
    }
}
