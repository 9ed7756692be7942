package io.viommufleet.deploy.kafka;

import static org.assertj.core.api.Assertions.assertThat;

import io.viommufleet.common.kafka.FleetWriter;
import io.viommufleet.common.kafka.KafkaConnection;
import io.viommufleet.common.kafka.LogPartition;
import io.viommufleet.common.kafka.LogReader;
import io.viommufleet.common.model.FleetTopic;
import io.viommufleet.common.observe.RoleMetrics;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class RoleMetricsIT {
    @BeforeEach
    void freshTopics() throws Exception {
        Fixture.freshTopics();
    }

    @Test
    void theClientsOfAnAgentAndItsJvmLeaveRoomInTheBudget() {
        try (RoleMetrics metrics = new RoleMetrics()) {
            KafkaConnection connection = Fixture.connection().meteredBy(metrics.registry());
            LogPartition partition = new LogPartition(FleetTopic.HEARTBEATS, 0);
            try (FleetWriter writer = new FleetWriter(connection, "agent-writer", Fixture.LAYOUT);
                    LogReader reader = new LogReader(connection, "agent-reader", Fixture.LAYOUT, List.of(partition))) {
                writer.send(Fixture.heartbeat(0, "a", 1)).join();
                reader.load(record -> {});
                long series = series(metrics);
                System.out.println("series of an agent's JVM and Kafka clients: " + series);
                assertThat(metrics.scrape())
                        .contains("kafka_producer_record_send_total{")
                        .contains("client_id=\"agent-reader\"")
                        .doesNotContain("node_id=")
                        .doesNotContain("topic=\"fleet");
                assertThat(series).isLessThan(RoleMetrics.SERIES_BUDGET * 6 / 10);
            }
            assertThat(metrics.scrape()).as("clients take their metrics away").doesNotContain("client_id=");
        }
    }

    private static long series(RoleMetrics metrics) {
        return metrics.scrape().lines().filter(line -> !line.startsWith("#")).count();
    }
}
