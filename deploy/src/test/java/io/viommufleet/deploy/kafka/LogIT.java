package io.viommufleet.deploy.kafka;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.viommufleet.common.FleetException;
import io.viommufleet.common.kafka.FleetWriter;
import io.viommufleet.common.kafka.LogPartition;
import io.viommufleet.common.kafka.LogReader;
import io.viommufleet.common.kafka.LogRecord;
import io.viommufleet.common.kafka.Partitions;
import io.viommufleet.common.model.Envelope;
import io.viommufleet.common.model.FleetTopic;
import io.viommufleet.common.model.Rejected;
import io.viommufleet.common.wire.Decoded;
import io.viommufleet.common.wire.RecordCodec;
import io.viommufleet.deploy.broker.SharedBroker;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class LogIT {
    @BeforeEach
    void freshTopics() throws Exception {
        Fixture.freshTopics();
    }

    @Test
    void readsWhatWasWrittenAndThenFollows() {
        try (FleetWriter writer = new FleetWriter(Fixture.connection(), "test-writer", Fixture.LAYOUT)) {
            assertThat(writer.send(Fixture.heartbeat(1, "a", 1)).join()).isZero();
            writer.send(Fixture.heartbeat(1, "b", 2)).join();
            List<LogRecord> records = new ArrayList<>();
            try (LogReader reader = reader(FleetTopic.HEARTBEATS, 1)) {
                assertThat(reader.loaded()).isFalse();
                reader.load(records::add);
                assertThat(records).extracting(LogRecord::key).containsExactly("a", "b");
                writer.send(Fixture.heartbeat(1, "c", 3)).join();
                while (records.size() < 3) {
                    records.addAll(reader.poll(Duration.ofMillis(100)));
                }
                assertThat(records.getLast().decoded()).isEqualTo(new Decoded.Ok(Fixture.heartbeat(1, "c", 3)));
                assertThat(reader.lag()).isZero();
            }
        }
    }

    @Test
    void neverSeesATransactionThatWasAborted() {
        Envelope kept = Fixture.hostState("kept", 1);
        try (KafkaProducer<byte[], byte[]> producer = producer(Map.of("transactional.id", "test-abort"))) {
            producer.initTransactions();
            producer.beginTransaction();
            send(producer, Fixture.hostState("dropped", 1), 0);
            producer.flush();
            producer.abortTransaction();
            producer.beginTransaction();
            send(producer, kept, 0);
            producer.commitTransaction();
            producer.beginTransaction();
            send(producer, Fixture.hostState("dropped too", 1), 0);
            producer.flush();
            producer.abortTransaction();
        }
        assertThat(Fixture.readAll(FleetTopic.HOST_STATE, 0))
                .extracting(LogRecord::decoded)
                .containsExactly(new Decoded.Ok(kept));
    }

    @Test
    void handsOverWhatCannotBeReadWithTheReason() {
        try (KafkaProducer<byte[], byte[]> producer = producer(Map.of())) {
            sendText(producer, "fleet.vms", "a", "{broken");
            sendText(producer, "fleet.vms", "a", "x".repeat(RecordCodec.MAX_VALUE_BYTES + 1));
            send(producer, Fixture.vm("b", ""), 1);
            send(producer, Fixture.vm("c", ""), 0);
            producer.flush();
        }
        List<LogRecord> records = Fixture.readAll(FleetTopic.VMS, 0);
        assertThat(reason(records.get(0))).contains("not well-formed JSON");
        assertThat(reason(records.get(1))).contains("too large: 524289 bytes; at most 524288");
        assertThat(records.get(2).decoded()).isInstanceOf(Decoded.Ok.class);
        assertThat(reason(Fixture.readAll(FleetTopic.VMS, 1).getFirst()))
                .contains("for cell 0 and lies in a partition of cell 1");
        assertThat(records.get(0).rejected(FleetTopic.Role.CONTROLLER, "why"))
                .isEqualTo(new Rejected(FleetTopic.Role.CONTROLLER, "fleet.vms", 0, 0, "a", "why", "{broken"));
    }

    @Test
    void theBrokerRefusesAValueOfAMebibyte() {
        try (KafkaProducer<byte[], byte[]> producer = producer(Map.of("max.request.size", 1 << 22))) {
            ProducerRecord<byte[], byte[]> huge =
                    new ProducerRecord<>("fleet.vms", 0, "a".getBytes(UTF_8), new byte[1 << 20]);
            assertThatThrownBy(() -> producer.send(huge).get()).hasCauseInstanceOf(RecordTooLargeException.class);
        }
    }

    @Test
    void aWriterRefusesACellThatDoesNotExist() {
        try (FleetWriter writer = new FleetWriter(Fixture.connection(), "test-writer", Fixture.LAYOUT)) {
            assertThatThrownBy(() -> writer.send(Fixture.heartbeat(7, "a", 1)))
                    .isInstanceOf(FleetException.class)
                    .hasMessage("there is no cell 7: the fleet has 2, from 0");
        }
    }

    @Test
    void choosesTheSameAttachmentPartitionAsKafkaDoes() throws Exception {
        try (KafkaProducer<byte[], byte[]> producer = producer(Map.of())) {
            for (String host : List.of("spr-01", "h", "", "host.example.org", "schlüssel", "spr-0123")) {
                int kafkas = producer.send(new ProducerRecord<>(
                                FleetTopic.ATTACHMENTS.topicName(), host.getBytes(UTF_8), new byte[0]))
                        .get()
                        .partition();
                int allInOneCell = new Partitions(1, 6).attachmentsOf(0, host);
                assertThat(allInOneCell).as(host).isEqualTo(kafkas);
            }
        }
    }

    private static LogReader reader(FleetTopic topic, int partition) {
        return new LogReader(
                Fixture.connection(), "test-reader", Fixture.LAYOUT, List.of(new LogPartition(topic, partition)));
    }

    private static String reason(LogRecord record) {
        return record.decoded() instanceof Decoded.Unreadable unreadable ? unreadable.reason() : "readable";
    }

    private static void send(KafkaProducer<byte[], byte[]> producer, Envelope envelope, int partition) {
        var _ = producer.send(new ProducerRecord<>(
                envelope.value().topic().topicName(),
                partition,
                RecordCodec.key(envelope.value()),
                RecordCodec.encode(envelope)));
    }

    private static void sendText(KafkaProducer<byte[], byte[]> producer, String topic, String key, String value) {
        var _ = producer.send(new ProducerRecord<>(topic, 0, key.getBytes(UTF_8), value.getBytes(UTF_8)));
    }

    private static KafkaProducer<byte[], byte[]> producer(Map<String, Object> further) {
        Map<String, Object> settings = new HashMap<>(further);
        settings.put("bootstrap.servers", SharedBroker.bootstrapServers());
        settings.put("max.in.flight.requests.per.connection", 1); // a topic just made may send the first batch back
        settings.put("key.serializer", ByteArraySerializer.class);
        settings.put("value.serializer", ByteArraySerializer.class);
        return new KafkaProducer<>(settings);
    }
}
