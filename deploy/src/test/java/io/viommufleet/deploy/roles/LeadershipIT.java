package io.viommufleet.deploy.roles;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import io.viommufleet.common.kafka.KafkaConnection;
import io.viommufleet.common.kafka.Partitions;
import io.viommufleet.common.kafka.Topics;
import io.viommufleet.common.kafka.TransactionalWriter;
import io.viommufleet.common.model.Envelope;
import io.viommufleet.common.model.FeatureLevel;
import io.viommufleet.common.model.FleetTopic;
import io.viommufleet.common.model.Leader;
import io.viommufleet.common.model.Origin;
import io.viommufleet.controller.app.ControllerApp;
import io.viommufleet.controller.app.ControllerConfig;
import io.viommufleet.controller.cell.CellSettings;
import io.viommufleet.deploy.broker.BrokerSettings;
import io.viommufleet.deploy.broker.EmbeddedBroker;
import io.viommufleet.deploy.view.FleetView;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Three cells and two controllers on a real broker: who leads, who stands by, and what becomes of it when one goes. */
class LeadershipIT {
    private static final Partitions LAYOUT = new Partitions(3, 1);

    @TempDir
    Path directory;

    private EmbeddedBroker broker;
    private LiveLog log;

    @BeforeEach
    void startBroker() {
        broker = EmbeddedBroker.start(BrokerSettings.local(directory.resolve("broker")));
        log = new LiveLog(kafka(), LAYOUT);
        new Topics(kafka()).create(LAYOUT, 1);
    }

    @AfterEach
    void stopBroker() {
        broker.close();
    }

    private KafkaConnection kafka() {
        return KafkaConnection.to(broker.bootstrapServers());
    }

    private ControllerApp controller(String name) {
        return ControllerApp.start(new ControllerConfig(
                name, kafka(), Optional.of(LAYOUT), 1, false, CellSettings.DEFAULT, "localhost", 0));
    }

    private RoleProcess process(String name) {
        return RoleProcess.start(
                name,
                directory,
                "controller",
                "--instance",
                name,
                "--bootstrap-server",
                broker.bootstrapServers(),
                "--replication",
                "1",
                "--http-port",
                "0");
    }

    private static String url(RoleProcess process) {
        return process.greeting().substring(process.greeting().indexOf("http://"));
    }

    /** The shares have settled: each leads some cells and follows those of the other. */
    private static void awaitShared(String one, String other) {
        LiveLog.await(
                "three cells led, each followed by the other",
                () -> LiveLog.led(one) >= 1
                        && LiveLog.led(one) == LiveLog.standby(other)
                        && LiveLog.led(other) == LiveLog.standby(one)
                        && LiveLog.led(one) + LiveLog.led(other) == 3);
    }

    private static void awaitLeadsAll(String url) {
        LiveLog.await("one leads all three cells", () -> LiveLog.led(url) == 3);
    }

    private static void requirePlacedBy(FleetView view, String instance, String... vms) {
        for (String vm : vms) {
            LiveLog.await(view, now -> LiveLog.placed(now, vm));
        }
        assertThat(view.state().leaders())
                .hasSize(3)
                .allMatch(leader -> leader.instance().equals(instance));
    }

    @Test
    void aControllerThatStopsHandsItsCellsToItsStandby() {
        try (FleetView view = FleetView.open(kafka());
                ControllerApp stays = controller("stays")) {
            try (ControllerApp goes = controller("goes")) {
                awaitShared(stays.url(), goes.url());
                assertThat(LiveLog.get(goes.url() + "/health/ready")).contains("\"UP\"");
            }
            awaitLeadsAll(stays.url());
            log.apply("vm-0", 0);
            log.apply("vm-1", 1);
            log.apply("vm-2", 2);
            requirePlacedBy(view, "stays", "vm-0", "vm-1", "vm-2");
            log.requireThatNoLeaderWroteAfterItsSuccessor();
        }
    }

    @Test
    void theCellsOfAKilledControllerAreTakenOverByItsStandby() {
        try (FleetView view = FleetView.open(kafka());
                ControllerApp stays = controller("stays");
                RoleProcess victim = process("victim")) {
            awaitShared(stays.url(), url(victim));
            victim.kill();
            log.apply("vm-0", 0);
            log.apply("vm-1", 1);
            log.apply("vm-2", 2);
            requirePlacedBy(view, "stays", "vm-0", "vm-1", "vm-2");
            assertThat(log.all(FleetTopic.DECISIONS))
                    .as("one decision for each VM")
                    .hasSize(3);
            log.requireThatNoLeaderWroteAfterItsSuccessor();
        }
    }

    @Test
    void aLeaderThatSleptWritesNothingAndTakesNothingBackUnasked() {
        try (FleetView view = FleetView.open(kafka());
                RoleProcess sleeper = process("sleeper")) {
            awaitLeadsAll(url(sleeper));
            try (ControllerApp standby = controller("standby")) {
                awaitShared(standby.url(), url(sleeper));
                sleeper.pause();
                log.send("fleet.vms", 0, "broken", "{");
                log.send("fleet.vms", 1, "broken", "{");
                log.apply("vm-0", 0);
                log.apply("vm-1", 1);
                awaitLeadsAll(standby.url());
                requirePlacedBy(view, "standby", "vm-0", "vm-1");
                sleeper.resume();
                awaitShared(standby.url(), url(sleeper));

                log.requireThatNoLeaderWroteAfterItsSuccessor();
                assertThat(log.all(FleetTopic.DECISIONS))
                        .as("one decision for each VM")
                        .hasSize(2);
                LiveLog.await(view, now -> now.state().rejected().size() == 2);
                assertThat(log.all(FleetTopic.REJECTED)).as("each refused once").hasSize(2);
            }
        }
    }

    @Test
    void aLateRecordOfAnOldLeaderChangesNothing() {
        try (FleetView view = FleetView.open(kafka())) {
            try (ControllerApp _ = controller("first")) {
                LiveLog.await(view, now -> now.state().leaders().size() == 3);
            }
            try (ControllerApp second = controller("second")) {
                awaitLeadsAll(second.url());
                log.apply("vm-0", 0);
                LiveLog.await(view, now -> LiveLog.placed(now, "vm-0"));
                log.send("fleet.placements", 0, "vm-0", withEpoch(1));
                LiveLog.await(view, now -> !now.state().rejected().isEmpty());
                assertThat(view.state().rejected().toString())
                        .contains("epoch 1 is older than epoch 2, which wrote this key since");
            }
        }
    }

    private String withEpoch(long epoch) {
        Envelope now = log.all(FleetTopic.PLACEMENTS).stream()
                .flatMap(record -> LiveLog.envelope(record).stream())
                .reduce((_, last) -> last)
                .orElseThrow();
        return LiveLog.text(new Envelope(now.cell(), now.generation(), new Origin.Controller(epoch, 1), now.value()));
    }

    @Test
    void aNewCellStartsAtTheHighestLevelAndAnOldOneKeepsItsOwn() {
        commitLeader(1, FeatureLevel.FIRST).close();
        try (FleetView view = FleetView.open(kafka());
                ControllerApp controller = controller("new")) {
            awaitLeadsAll(controller.url());
            LiveLog.await(
                    view,
                    now -> now.state().leaders().stream()
                            .allMatch(leader -> leader.instance().equals("new")));
            assertThat(view.state().leaders())
                    .extracting(Leader::cell, Leader::epoch, Leader::featureLevel)
                    .containsExactly(
                            tuple(0, 1L, FeatureLevel.LATEST),
                            tuple(1, 2L, FeatureLevel.FIRST),
                            tuple(2, 1L, FeatureLevel.LATEST));
        }
    }

    @Test
    void aLevelThatTheControllerDoesNotKnowIsLeftAloneLoudly() {
        try (TransactionalWriter newer = commitLeader(1, 99);
                ControllerApp controller = controller("old")) {
            LiveLog.await("the refusal", () -> LiveLog.metric(controller.url(), "viommu_cell_refused") == 1);
            LiveLog.await("the other two cells", () -> LiveLog.led(controller.url()) == 2);
            assertThat(LiveLog.get(controller.url() + "/health/ready"))
                    .contains("\"DOWN\"")
                    .contains("cells [1] have a level above " + FeatureLevel.LATEST);
            assertThat(LiveLog.get(controller.url() + "/health/live")).contains("\"UP\"");
            newer.commit(List.of(leader(1, 99)));
        }
        assertThat(log.all(FleetTopic.LEADERS))
                .filteredOn(record -> record.partition() == 1)
                .as("nobody else wrote")
                .hasSize(2);
    }

    private TransactionalWriter commitLeader(int cell, int level) {
        TransactionalWriter writer = new TransactionalWriter(kafka(), "viommu-fleet-cell-" + cell, LAYOUT);
        writer.commit(List.of(leader(cell, level)));
        return writer;
    }

    private static Envelope leader(int cell, int level) {
        return new Envelope(cell, 1, new Origin.Controller(1, 1), new Leader(cell, 1, "newer", level, 1));
    }
}
