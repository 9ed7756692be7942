package io.viommufleet.deploy.kafka;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.viommufleet.common.FleetError;
import io.viommufleet.common.FleetException;
import io.viommufleet.common.kafka.KafkaConnection;
import io.viommufleet.common.kafka.Partitions;
import io.viommufleet.common.kafka.Topics;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class TopicsIT {
    private final Topics topics = new Topics(Fixture.connection());

    @BeforeEach
    void removeTopics() throws Exception {
        Fixture.removeTopics();
    }

    @Test
    void createsEveryTopicOnceAndFindsTheLayoutAgain() {
        topics.create(Fixture.LAYOUT, 1);
        topics.create(Fixture.LAYOUT, 1);
        topics.check(Fixture.LAYOUT, 1);
        assertThat(topics.find()).isEqualTo(Fixture.LAYOUT);
    }

    @Test
    void refusesATopicWithTheWrongCleanupPolicy() throws Exception {
        try (Admin admin = Fixture.admin()) {
            NewTopic wrong = new NewTopic("fleet.vms", Optional.of(2), Optional.of((short) 1));
            admin.createTopics(List.of(wrong.configs(Map.of("cleanup.policy", "delete"))))
                    .all()
                    .get();
        }
        assertThatThrownBy(() -> topics.create(Fixture.LAYOUT, 1))
                .isInstanceOfSatisfying(
                        FleetException.class,
                        failure -> assertThat(failure.error()).isEqualTo(FleetError.CONFLICT))
                .hasMessageContaining("fleet.vms has cleanup.policy=delete, expected compact")
                .hasMessageContaining("fleet.vms has min.compaction.lag.ms=0, expected at least 604800000")
                .hasMessageNotContaining("fleet.hosts");
    }

    @Test
    void refusesAnotherPartitionCountAndLessDurability() {
        topics.create(Fixture.LAYOUT, 1);
        assertThatThrownBy(() -> topics.check(new Partitions(3, 3), 3))
                .hasMessageContaining("fleet.attachments has 6 partitions, expected 9")
                .hasMessageContaining("fleet.vms has 2 partitions, expected 3")
                .hasMessageContaining("fleet.vms has 1 replicas, expected at least 3")
                .hasMessageContaining("fleet.vms has min.insync.replicas=1, expected at least 2");
    }

    @Test
    void saysThatThereIsNoFleet() {
        assertThatThrownBy(topics::find)
                .isInstanceOfSatisfying(
                        FleetException.class,
                        failure -> assertThat(failure.error()).isEqualTo(FleetError.NOT_FOUND))
                .hasMessageContaining("there is no fleet on Kafka at localhost:");
    }

    @Test
    void saysThatNobodyAnswersAtTheAddress() throws Exception {
        try (ServerSocket mute = new ServerSocket(0, 1, InetAddress.getByName("localhost"))) {
            String address = "localhost:" + mute.getLocalPort();
            KafkaConnection connection = KafkaConnection.to(address).within(Duration.ofSeconds(1));
            assertThatThrownBy(() -> new Topics(connection).find())
                    .isInstanceOfSatisfying(
                            FleetException.class,
                            failure -> assertThat(failure.error()).isEqualTo(FleetError.UNREACHABLE))
                    .hasMessageStartingWith("Kafka at " + address + " did not answer within 1 s");
            assertThatThrownBy(connection::requireReachable).isInstanceOf(FleetException.class);
        }
        assertThatThrownBy(() -> KafkaConnection.to("nonsense").requireReachable())
                .isInstanceOfSatisfying(
                        FleetException.class,
                        failure -> assertThat(failure.error()).isEqualTo(FleetError.UNREACHABLE))
                .hasMessageContaining("nonsense");
    }
}
