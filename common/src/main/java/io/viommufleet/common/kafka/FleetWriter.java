package io.viommufleet.common.kafka;

import io.viommufleet.common.model.Envelope;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;

/**
 * Writes records one by one, as users and agents do: acknowledged by all in-sync replicas, in order, without duplicates.
 * Thread-safe.
 */
public final class FleetWriter implements AutoCloseable {
    private final KafkaConnection connection;
    private final Partitions layout;
    private final KafkaProducer<byte[], byte[]> producer;
    private final AutoCloseable metrics;

    /**
     * Makes a writer; it connects by itself.
     *
     * @param clientId a stable name
     */
    public FleetWriter(KafkaConnection connection, String clientId, Partitions layout) {
        this.connection = connection;
        this.layout = layout;
        producer = Producers.create(connection, clientId, Map.of());
        metrics = connection.meter(producer);
    }

    /**
     * Sends a record to where it belongs.
     *
     * @return its offset once Kafka has acknowledged it, completed on the producer's thread; or a
     *     {@link io.viommufleet.common.FleetException}, UNREACHABLE if Kafka did not within the deadline: the record may have
     *     been written all the same
     * @throws io.viommufleet.common.FleetException if the record is too large or not this role's to write
     */
    public CompletableFuture<Long> send(Envelope envelope) {
        CompletableFuture<Long> sent = new CompletableFuture<>();
        ProducerRecord<byte[], byte[]> record = Producers.record(layout, envelope);
        try {
            var _ = producer.send(record, (metadata, failure) -> {
                if (failure == null) {
                    sent.complete(metadata.offset());
                } else {
                    sent.completeExceptionally(KafkaFailure.of("writing to " + record.topic(), connection, failure));
                }
            });
        } catch (KafkaException failure) {
            sent.completeExceptionally(KafkaFailure.of("writing to " + record.topic(), connection, failure));
        }
        return sent;
    }

    /** Waits until everything sent is acknowledged or has failed. */
    public void flush() {
        producer.flush();
    }

    @Override
    public void close() {
        Closing.quietly(metrics);
        producer.close(Closing.DEADLINE);
    }
}
