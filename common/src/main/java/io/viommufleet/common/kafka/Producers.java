package io.viommufleet.common.kafka;

import io.viommufleet.common.model.Envelope;
import io.viommufleet.common.wire.RecordCodec;
import java.util.Map;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/** What both writers share: durable, in order, without duplicates, to the partition where a record belongs. */
final class Producers {
    private static final int MAX_REQUEST_BYTES = 2 << 20;

    private Producers() {}

    static KafkaProducer<byte[], byte[]> create(
            KafkaConnection connection, String clientId, Map<String, Object> further) {
        Map<String, Object> settings = connection.common(clientId);
        int deadline = KafkaConnection.millis(connection.deadline());
        settings.put(ProducerConfig.KEY_SERIALIZER_CLASS_CONFIG, ByteArraySerializer.class);
        settings.put(ProducerConfig.VALUE_SERIALIZER_CLASS_CONFIG, ByteArraySerializer.class);
        settings.put(ProducerConfig.ACKS_CONFIG, "all");
        settings.put(ProducerConfig.ENABLE_IDEMPOTENCE_CONFIG, true);
        settings.put(ProducerConfig.LINGER_MS_CONFIG, 0);
        settings.put(ProducerConfig.MAX_REQUEST_SIZE_CONFIG, MAX_REQUEST_BYTES);
        settings.put(ProducerConfig.MAX_BLOCK_MS_CONFIG, deadline);
        settings.put(ProducerConfig.DELIVERY_TIMEOUT_MS_CONFIG, deadline);
        settings.put(ProducerConfig.REQUEST_TIMEOUT_MS_CONFIG, KafkaConnection.millis(connection.requestTimeout()));
        settings.putAll(further);
        try {
            return new KafkaProducer<>(connection.withOverrides(settings));
        } catch (KafkaException failure) {
            throw KafkaFailure.of("connecting", connection, failure);
        }
    }

    static ProducerRecord<byte[], byte[]> record(Partitions layout, Envelope envelope) {
        return new ProducerRecord<>(
                envelope.value().topic().topicName(),
                layout.of(envelope),
                RecordCodec.key(envelope.value()),
                RecordCodec.encode(envelope));
    }
}
