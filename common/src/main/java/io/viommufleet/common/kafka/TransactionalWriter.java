package io.viommufleet.common.kafka;

import io.viommufleet.common.FleetException;
import io.viommufleet.common.model.Envelope;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.KafkaException;

/**
 * Writes the steps of a cell's leader, each in one short transaction: all of its records or none. Making a writer fences
 * every earlier one with the same transactional id. One thread.
 */
public final class TransactionalWriter implements AutoCloseable {
    private static final Duration TRANSACTION_TIMEOUT = Duration.ofSeconds(10);

    private final KafkaConnection connection;
    private final Partitions layout;
    private final KafkaProducer<byte[], byte[]> producer;
    private final AutoCloseable metrics;
    private boolean broken;

    /**
     * Takes the transactional id over: transactions that an earlier writer left open are aborted, and it can write no more.
     *
     * @param transactionalId stable for the cell
     * @throws FleetException UNREACHABLE if Kafka does not answer within the deadline
     */
    public TransactionalWriter(KafkaConnection connection, String transactionalId, Partitions layout) {
        this.connection = connection;
        this.layout = layout;
        producer = Producers.create(
                connection,
                transactionalId,
                Map.of(
                        ProducerConfig.TRANSACTIONAL_ID_CONFIG,
                        transactionalId,
                        ProducerConfig.TRANSACTION_TIMEOUT_CONFIG,
                        KafkaConnection.millis(TRANSACTION_TIMEOUT)));
        metrics = connection.meter(producer);
        try {
            producer.initTransactions();
        } catch (KafkaException failure) {
            close();
            throw KafkaFailure.of("taking over " + transactionalId, connection, failure);
        }
    }

    /**
     * Writes all records in one transaction and returns once it is committed.
     *
     * @return the offset of each record, in the order given
     * @throws Fenced if another writer has taken over: nothing was written
     * @throws CommitUnknown if it cannot be told whether the step was committed
     * @throws FleetException if a record is too large or not this role's to write: nothing was written, and the writer can go on
     */
    public List<Long> commit(List<Envelope> step) {
        if (broken) {
            throw new IllegalStateException("this writer failed before; close it and make another");
        }
        List<ProducerRecord<byte[], byte[]>> records = step.stream()
                .map(envelope -> Producers.record(layout, envelope))
                .toList();
        if (records.isEmpty()) {
            return List.of();
        }
        try {
            producer.beginTransaction();
            List<Future<RecordMetadata>> sent = new ArrayList<>();
            records.forEach(record -> sent.add(producer.send(record)));
            producer.commitTransaction();
            return offsets(sent);
        } catch (KafkaException | ExecutionException failure) {
            throw broken(failure);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw broken(interrupted);
        }
    }

    private static List<Long> offsets(List<Future<RecordMetadata>> sent)
            throws ExecutionException, InterruptedException {
        List<Long> offsets = new ArrayList<>();
        for (Future<RecordMetadata> one : sent) {
            offsets.add(one.get().offset());
        }
        return offsets;
    }

    private FleetException broken(Exception failure) {
        broken = true;
        if (KafkaFailure.fenced(failure)) {
            return KafkaFailure.of("committing a step", connection, failure);
        }
        return new CommitUnknown(
                "it is unknown whether a step was committed to Kafka at %s: %s"
                        .formatted(connection.bootstrapServers(), failure.getMessage()),
                failure);
    }

    @Override
    public void close() {
        Closing.quietly(metrics);
        producer.close(broken ? Duration.ZERO : Closing.DEADLINE);
    }
}
