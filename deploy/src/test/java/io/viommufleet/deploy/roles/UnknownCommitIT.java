package io.viommufleet.deploy.roles;

import static org.assertj.core.api.Assertions.assertThat;

import io.viommufleet.common.kafka.KafkaConnection;
import io.viommufleet.common.kafka.Partitions;
import io.viommufleet.common.model.FleetTopic;
import io.viommufleet.controller.app.ControllerApp;
import io.viommufleet.controller.app.ControllerConfig;
import io.viommufleet.controller.cell.CellSettings;
import io.viommufleet.deploy.view.FleetView;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A broker that freezes in the middle of steps, for longer than the leader waits: what it had received before is committed
 * when it goes on, the rest is not, and the leader cannot know which.
 */
class UnknownCommitIT {
    private static final Partitions LAYOUT = new Partitions(1, 1);
    private static final Duration PATIENCE = Duration.ofSeconds(2);
    private static final int FREEZES = 4;
    private static final int VMS_EACH = 25;

    @TempDir
    Path directory;

    @Test
    void noStepIsLostOrRepeated() throws IOException {
        long seed = Long.getLong("seed", System.nanoTime());
        SplittableRandom random = new SplittableRandom(seed);
        String server = "localhost:" + freePort();
        KafkaConnection kafka = KafkaConnection.to(server).within(PATIENCE);
        try (RoleProcess broker = broker(server);
                ControllerApp _ = controller(kafka)) {
            LiveLog log = new LiveLog(KafkaConnection.to(server), LAYOUT);
            for (int freeze = 0; freeze < FREEZES; freeze++) {
                List<String> vms = names(freeze);
                log.applyAll(vms, 0);
                LockSupport.parkNanos(random.nextLong(Duration.ofMillis(60).toNanos())); // the random moment
                broker.pause();
                LockSupport.parkNanos(PATIENCE.multipliedBy(2).toNanos()); // no commit is waited for as long
                broker.resume();
                try (FleetView view = FleetView.open(KafkaConnection.to(server))) {
                    LiveLog.await(view, now -> vms.stream().allMatch(vm -> LiveLog.placed(now, vm)));
                }
            }
            assertThat(log.all(FleetTopic.DECISIONS))
                    .as("-Dseed=%d: one decision for each VM", seed)
                    .hasSize(FREEZES * VMS_EACH);
            assertThat(log.all(FleetTopic.PLACEMENTS))
                    .as("-Dseed=%d: one placement for each VM", seed)
                    .hasSize(FREEZES * VMS_EACH);
            log.requireThatNoLeaderWroteAfterItsSuccessor();
        }
    }

    private static List<String> names(int freeze) {
        return IntStream.range(0, VMS_EACH)
                .mapToObj(number -> "vm-%d-%d".formatted(freeze, number))
                .toList();
    }

    private RoleProcess broker(String server) {
        String port = server.substring(server.indexOf(':') + 1);
        return RoleProcess.start(
                "broker",
                directory,
                "broker",
                "--port",
                port,
                "--data-dir",
                directory.resolve("broker").toString());
    }

    private static ControllerApp controller(KafkaConnection kafka) {
        return ControllerApp.start(new ControllerConfig(
                "controller-0", kafka, Optional.of(LAYOUT), 1, true, CellSettings.DEFAULT, "localhost", 0));
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }
}
