package io.viommufleet.deploy.roles;

import static org.assertj.core.api.Assertions.assertThat;

import io.viommufleet.common.kafka.KafkaConnection;
import io.viommufleet.deploy.cli.CommandRun;
import io.viommufleet.deploy.view.FleetReport;
import io.viommufleet.deploy.view.FleetView;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Broker, controller and agents as separate processes, killed at random moments: the end is the same. */
class RolesIT {
    private static final Duration DEADLINE = Duration.ofSeconds(150);
    private static final Path HOSTS = Path.of("examples", "hosts");
    private static final Path VMS = Path.of("examples", "vms");
    private static final Map<String, String> EXPECTED = new TreeMap<>(Map.of(
            "trainer", "Running on spr-01",
            "twin-on-spr-01", "Running on spr-01",
            "twin-on-spr-02", "Failed on spr-02"));

    @TempDir
    Path directory;

    private final List<RoleProcess> roles = new ArrayList<>();

    @Test
    void killsAtRandomMomentsEndInTheSameState() throws IOException {
        long seed = Long.getLong("seed", System.nanoTime());
        SplittableRandom random = new SplittableRandom(seed);
        String server = "localhost:" + freePort();
        try {
            startRoles(server);
            apply(server, "trainer.yaml");
            apply(server, "twins.yaml");
            List<RoleProcess> victims = shuffled(random);
            for (RoleProcess victim : victims) {
                LockSupport.parkNanos(random.nextLong(Duration.ofSeconds(2).toNanos())); // the random moment
                victim.killAndRestart();
            }
            Map<String, String> end = await(server);

            assertThat(end)
                    .as(
                            "-Dseed=%d, killed in the order %s",
                            seed, victims.stream().map(RoleProcess::name).toList())
                    .isEqualTo(EXPECTED);
        } finally {
            roles.reversed().forEach(RoleProcess::close);
        }
    }

    private static void apply(String server, String file) {
        CommandRun run = CommandRun.of(
                "apply", "--bootstrap-server", server, VMS.resolve(file).toString());
        assertThat(run.exitCode()).as(run.err()).isZero();
    }

    private void startRoles(String server) {
        String port = server.substring(server.indexOf(':') + 1);
        start("broker", "broker", "--port", port, "--data-dir", state("broker"));
        start(
                "controller",
                "controller",
                "--bootstrap-server",
                server,
                "--cells",
                "1",
                "--replication",
                "1",
                "--http-port",
                "0");
        for (String host : List.of("spr-01", "spr-02")) {
            start(
                    host,
                    "agent",
                    "--bootstrap-server",
                    server,
                    "--host",
                    HOSTS.resolve(host + ".yaml").toString(),
                    "--state-dir",
                    state(host),
                    "--http-port",
                    "0");
        }
    }

    private void start(String name, String... arguments) {
        roles.add(RoleProcess.start(name, directory, arguments));
    }

    private String state(String name) {
        return directory.resolve(name).toString();
    }

    private List<RoleProcess> shuffled(SplittableRandom random) {
        List<RoleProcess> left = new ArrayList<>(roles);
        List<RoleProcess> order = new ArrayList<>();
        while (!left.isEmpty()) {
            order.add(left.remove(random.nextInt(left.size())));
        }
        return order;
    }

    /** Reads the log until it shows what is expected, or the deadline has passed. */
    private static Map<String, String> await(String server) {
        long deadlineNanos = System.nanoTime() + DEADLINE.toNanos();
        try (FleetView view = FleetView.open(KafkaConnection.to(server))) {
            Map<String, String> now = phases(view);
            while (!now.equals(EXPECTED) && System.nanoTime() < deadlineNanos) {
                view.poll(Duration.ofMillis(500));
                now = phases(view);
            }
            return now;
        }
    }

    private static Map<String, String> phases(FleetView view) {
        Map<String, String> phases = new TreeMap<>();
        FleetReport.of(view.state())
                .vms()
                .forEach(vm -> phases.put(
                        vm.id(),
                        vm.phase() + vm.host().map(host -> " on " + host).orElse("")));
        return phases;
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }
}
