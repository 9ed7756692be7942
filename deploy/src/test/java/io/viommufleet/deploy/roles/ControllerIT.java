package io.viommufleet.deploy.roles;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.viommufleet.common.FleetError;
import io.viommufleet.common.FleetException;
import io.viommufleet.common.kafka.Fenced;
import io.viommufleet.common.kafka.KafkaConnection;
import io.viommufleet.common.kafka.Partitions;
import io.viommufleet.common.kafka.TransactionalWriter;
import io.viommufleet.common.model.Envelope;
import io.viommufleet.common.model.FleetTopic;
import io.viommufleet.common.model.Leader;
import io.viommufleet.common.model.Origin;
import io.viommufleet.common.observe.RoleMetrics;
import io.viommufleet.controller.app.ControllerApp;
import io.viommufleet.controller.app.ControllerConfig;
import io.viommufleet.controller.cell.CellSettings;
import io.viommufleet.deploy.broker.BrokerSettings;
import io.viommufleet.deploy.broker.EmbeddedBroker;
import io.viommufleet.deploy.view.FleetView;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The controller on a broker of its own: bad records, bad topics, restarts, rivals. */
class ControllerIT {
    private static final Partitions LAYOUT = new Partitions(2, 1);

    @TempDir
    Path directory;

    private EmbeddedBroker broker;

    @BeforeEach
    void startBroker() {
        broker = EmbeddedBroker.start(BrokerSettings.local(directory));
    }

    @AfterEach
    void stopBroker() {
        broker.close();
    }

    private KafkaConnection kafka() {
        return KafkaConnection.to(broker.bootstrapServers());
    }

    private ControllerApp controller() {
        return ControllerApp.start(new ControllerConfig(
                "controller-0", kafka(), Optional.of(LAYOUT), 1, true, CellSettings.DEFAULT, "localhost", 0));
    }

    @Test
    void everyUnusableRecordEndsInRejectedOnceAndStopsNothing() {
        try (ControllerApp _ = controller()) {
            send("fleet.vms", 0, "broken", "{\"type\":");
            send("fleet.vms", 0, "future", "{\"type\":\"vm\",\"schema\":99,\"cell\":0,\"value\":{}}");
            send("fleet.vms", 0, "large", "{\"x\":\"" + "y".repeat(1_000_000) + "\"}");
            send("fleet.vms", 1, "elsewhere", LiveLog.vm("elsewhere", 0));
            send("fleet.hosts", 0, "odd", "[]");
            send("fleet.vms", 0, "good", LiveLog.vm("good", 0));

            try (FleetView view = FleetView.open(kafka())) {
                LiveLog.await(
                        view,
                        now -> now.state().rejected().size() >= 5
                                && now.state().placements().keySet().stream()
                                        .anyMatch(key -> key.key().equals("good")));
                assertThat(view.state().rejected()).hasSize(5);
            }
        }
        try (ControllerApp _ = controller();
                FleetView view = FleetView.open(kafka())) {
            send("fleet.vms", 0, "later", LiveLog.vm("later", 0));
            LiveLog.await(
                    view,
                    now -> now.state().placements().keySet().stream()
                            .anyMatch(key -> key.key().equals("later")));
            assertThat(view.state().rejected())
                    .as("rejected again after a restart")
                    .hasSize(5);
        }
    }

    @Test
    void aRestartTakesOverWithANewEpochAndRepeatsNothing() {
        try (ControllerApp _ = controller()) {
            send("fleet.vms", 0, "good", LiveLog.vm("good", 0));
            try (FleetView view = FleetView.open(kafka())) {
                LiveLog.await(view, now -> !now.state().placements().isEmpty());
            }
        }
        try (FleetView view = FleetView.open(kafka());
                ControllerApp _ = controller()) {
            long decisions = view.state().decisions();
            LiveLog.await(view, now -> now.state().leaders().stream().anyMatch(leader -> leader.epoch() == 2));
            send("fleet.vms", 0, "later", LiveLog.vm("later", 0));
            LiveLog.await(view, now -> now.state().placements().size() == 2);
            assertThat(view.state().decisions()).isEqualTo(decisions + 1);
        }
    }

    @Test
    void aLeaderThatWasOvertakenWritesNothing() {
        try (ControllerApp _ = controller();
                FleetView view = FleetView.open(kafka())) {
            LiveLog.await(view, now -> now.state().leaders().size() == 2);
        }
        try (TransactionalWriter zombie = new TransactionalWriter(kafka(), "viommu-fleet-cell-0", LAYOUT);
                ControllerApp _ = controller();
                FleetView view = FleetView.open(kafka())) {
            LiveLog.await(
                    view,
                    now -> now.state().leaders().stream()
                            .anyMatch(leader -> leader.cell() == 0 && leader.epoch() >= 2));
            Leader late = new Leader(0, 99, "zombie", 1, 1);
            assertThatThrownBy(() -> zombie.commit(List.of(new Envelope(0, 99, new Origin.Controller(99, 1), late))))
                    .isInstanceOf(Fenced.class);
        }
    }

    @Test
    void doesNotStartOnATopicWithTheWrongPolicy() throws ExecutionException, InterruptedException {
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", broker.bootstrapServers()))) {
            NewTopic wrong = new NewTopic(FleetTopic.VMS.topicName(), LAYOUT.cells(), (short) 1)
                    .configs(Map.of("cleanup.policy", "delete"));
            admin.createTopics(List.of(wrong)).all().get();
        }

        assertThatThrownBy(() -> controller().close()).isInstanceOfSatisfying(FleetException.class, failure -> {
            assertThat(failure.error()).isEqualTo(FleetError.CONFLICT);
            assertThat(failure).hasMessageContaining("fleet.vms").hasMessageContaining("cleanup.policy");
        });
    }

    @Test
    void showsItsMetricsWithinTheBudgetOfSeries() {
        try (ControllerApp controller = controller();
                FleetView view = FleetView.open(kafka())) {
            send("fleet.vms", 0, "good", LiveLog.vm("good", 0));
            LiveLog.await(view, now -> !now.state().placements().isEmpty());
            String metrics = LiveLog.get(controller.url() + "/metrics");

            assertThat(metrics)
                    .contains("viommu_vms{")
                    .contains("viommu_hosts{")
                    .contains("viommu_decision_drift{")
                    .contains("viommu_rejected_records_total{")
                    .contains("viommu_log_lag{")
                    .contains("viommu_leader_epoch{")
                    .contains("jvm_memory_used_bytes{")
                    .contains("kafka_producer_");
            assertThat(metrics.lines().filter(line -> !line.startsWith("#")).count())
                    .isLessThan(2L * RoleMetrics.SERIES_BUDGET);
            assertThat(LiveLog.get(controller.url() + "/health/live")).contains("\"UP\"");
        }
    }

    private void send(String topic, int partition, String key, String value) {
        new LiveLog(kafka(), LAYOUT).send(topic, partition, key, value);
    }
}
