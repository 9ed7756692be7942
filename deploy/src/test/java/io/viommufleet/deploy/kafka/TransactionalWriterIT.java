package io.viommufleet.deploy.kafka;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.viommufleet.common.FleetException;
import io.viommufleet.common.kafka.CommitUnknown;
import io.viommufleet.common.kafka.Fenced;
import io.viommufleet.common.kafka.KafkaConnection;
import io.viommufleet.common.kafka.LogRecord;
import io.viommufleet.common.kafka.Topics;
import io.viommufleet.common.kafka.TransactionalWriter;
import io.viommufleet.common.model.Envelope;
import io.viommufleet.common.model.FleetTopic;
import io.viommufleet.common.model.Origin;
import io.viommufleet.common.wire.RecordCodec;
import io.viommufleet.deploy.broker.BrokerSettings;
import io.viommufleet.deploy.broker.EmbeddedBroker;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TransactionalWriterIT {
    @TempDir
    private Path directory;

    @BeforeEach
    void freshTopics() throws Exception {
        Fixture.freshTopics();
    }

    @Test
    void aNewWriterFencesTheOldOne() {
        try (TransactionalWriter old = writer("test-fencing")) {
            assertThat(old.commit(List.of(Fixture.hostState("a", 1), Fixture.hostState("b", 1))))
                    .containsExactly(0L, 1L);
            try (TransactionalWriter successor = writer("test-fencing")) {
                assertThatThrownBy(() -> old.commit(List.of(Fixture.hostState("stale", 1))))
                        .isInstanceOf(Fenced.class);
                successor.commit(List.of(Fixture.hostState("c", 2)));
            }
            assertThatThrownBy(() -> old.commit(List.of(Fixture.hostState("stale", 1))))
                    .isInstanceOf(IllegalStateException.class);
        }
        assertThat(Fixture.readAll(FleetTopic.HOST_STATE, 0))
                .extracting(LogRecord::key)
                .containsExactly("a", "b", "c");
    }

    @Test
    void aStepThatCannotBeWrittenLeavesTheWriterUsable() {
        try (TransactionalWriter writer = writer("test-refusal")) {
            assertThatThrownBy(() -> writer.commit(List.of(
                            Fixture.hostState("a", 1), Fixture.hostState("x".repeat(RecordCodec.MAX_VALUE_BYTES), 1))))
                    .isInstanceOf(FleetException.class)
                    .hasMessageContaining("a record has at most");
            assertThatThrownBy(() -> writer.commit(List.of(new Envelope(
                            0, 0, new Origin.User(), Fixture.hostState("a", 1).value()))))
                    .hasMessageContaining("fleet.hoststate is written by role CONTROLLER only, not by USER");
            writer.commit(List.of(Fixture.hostState("b", 1)));
        }
        assertThat(Fixture.readAll(FleetTopic.HOST_STATE, 0))
                .extracting(LogRecord::key)
                .containsExactly("b");
    }

    @Test
    void aCommitWithoutAnAnswerIsUnknown() {
        try (EmbeddedBroker broker = EmbeddedBroker.start(BrokerSettings.local(directory))) {
            KafkaConnection connection =
                    KafkaConnection.to(broker.bootstrapServers()).within(Duration.ofSeconds(2));
            new Topics(connection).create(Fixture.LAYOUT, 1);
            try (TransactionalWriter writer = new TransactionalWriter(connection, "test-unknown", Fixture.LAYOUT)) {
                writer.commit(List.of(Fixture.hostState("a", 1)));
                broker.stop();
                assertThatThrownBy(() -> writer.commit(List.of(Fixture.hostState("b", 1))))
                        .isInstanceOf(CommitUnknown.class);
            }
        }
    }

    private static TransactionalWriter writer(String transactionalId) {
        return new TransactionalWriter(Fixture.connection(), transactionalId, Fixture.LAYOUT);
    }
}
