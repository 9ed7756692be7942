package io.viommufleet.deploy.cli;

import io.viommufleet.agent.host.HostSource;
import io.viommufleet.agent.host.HostSources;
import io.viommufleet.common.FleetError;
import io.viommufleet.common.FleetException;
import io.viommufleet.common.kafka.FleetWriter;
import io.viommufleet.common.kafka.KafkaConnection;
import io.viommufleet.deploy.up.LocalFleet;
import io.viommufleet.deploy.up.LocalFleetSettings;
import io.viommufleet.deploy.up.TemporaryDirectory;
import io.viommufleet.deploy.view.FleetReport;
import io.viommufleet.deploy.view.FleetView;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Everything on this machine. */
@Command(
        name = "up",
        mixinStandardHelpOptions = true,
        description = {
            "Runs a whole fleet on this machine: a real Kafka broker, a controller and one agent per host.",
            "Without --hosts and --vms it is the example fleet of deploy/examples."
        })
final class UpCommand implements Callable<Integer> {
    private static final int DEFAULT_PORT = 9092;

    private final Terminal terminal;

    @Option(
            names = "--hosts",
            paramLabel = "PATH",
            arity = "1..*",
            description = "Host files, sysfs trees, or directories of them.")
    private List<Path> hosts = List.of();

    @Option(names = "--vms", paramLabel = "PATH", arity = "1..*", description = "VM files, or directories of them.")
    private List<String> vms = List.of();

    @Option(
            names = "--cells",
            paramLabel = "N",
            description = "How many cells the fleet has. Default: ${DEFAULT-VALUE}.")
    private int cells = 1;

    @Option(names = "--settle", description = "Ends when every VM has settled, whatever its phase.")
    private boolean settle;

    @Option(
            names = "--timeout",
            paramLabel = "SECONDS",
            description = "With --settle, how long that may take before it ends with 6. Default: ${DEFAULT-VALUE}.")
    private int timeoutSeconds = 60;

    @Option(names = "--data-dir", paramLabel = "DIR", description = "Keeps the log and the agents' state there.")
    private Optional<Path> dataDirectory = Optional.empty();

    @ArgGroup
    private Kafka kafka = new Kafka();

    @Mixin
    private final Output output = new Output();

    /** A broker of its own, or one outside. */
    private static final class Kafka {
        @Option(
                names = "--port",
                description = "Where its broker listens on localhost; 0 chooses a free port. Default: 9092.")
        private int port = DEFAULT_PORT;

        @Option(names = "--bootstrap-server", paramLabel = "HOST:PORT", description = "A Kafka that runs already.")
        private Optional<String> servers = Optional.empty();
    }

    UpCommand(Terminal terminal) {
        this.terminal = terminal;
    }

    @Override
    public Integer call() throws InterruptedException {
        if (cells < 1 || timeoutSeconds < 1) {
            throw new FleetException(FleetError.USAGE, "--cells and --timeout are at least 1");
        }
        List<HostSource> found = new ArrayList<>();
        (hosts.isEmpty() ? List.of(examples("hosts")) : hosts).forEach(path -> found.addAll(HostSources.all(path)));
        requireDistinct(found);
        InputFiles wanted = InputFiles.read(
                vms.isEmpty() && hosts.isEmpty() ? List.of(examples("vms").toString()) : vms, terminal.in());
        TemporaryDirectory directory = TemporaryDirectory.orKept("viommu-fleet-", dataDirectory);
        LocalFleetSettings settings = new LocalFleetSettings(
                found, cells, directory.path(), kafka.port, kafka.servers.map(KafkaConnection::to), 1);
        Progress progress = new Progress(terminal);
        long startedNanos = System.nanoTime();
        LocalFleet fleet;
        try {
            fleet = LocalFleet.start(settings, progress::step);
        } catch (RuntimeException failure) {
            progress.end();
            directory.close();
            throw failure;
        }
        Shutdown shutdown = Shutdown.closing(() -> {
            fleet.close();
            directory.close();
        });
        boolean settled = run(fleet, wanted, found.size(), progress, startedNanos);
        if (settle) {
            fleet.close();
            directory.close();
            return settled ? 0 : FleetError.NOT_SETTLED.exitCode();
        }
        stay(fleet);
        shutdown.await();
        return 0;
    }

    private boolean run(LocalFleet fleet, InputFiles wanted, int hostCount, Progress progress, long startedNanos) {
        long deadlineNanos =
                System.nanoTime() + Duration.ofSeconds(timeoutSeconds).toNanos();
        progress.step("asking for %d VMs".formatted(wanted.vms().size()));
        try (FleetWriter writer = new FleetWriter(fleet.connection(), "viommu-cli", fleet.layout())) {
            wanted.policies().forEach(policy -> Requests.publish(writer, policy));
            wanted.vms().forEach(vm -> Requests.publish(writer, vm));
        }
        try (FleetView view = FleetView.open(fleet.connection())) {
            List<String> moving = new Settling(view, hostCount, wanted.vms()).await(deadlineNanos, progress);
            progress.end();
            FleetReport report = FleetReport.of(view.state());
            output.print(terminal, ReportTree.of(report), () -> {
                ReportTables.vms(terminal, report);
                terminal.out().println();
                ReportTables.hosts(terminal, report);
            });
            double seconds = Duration.ofNanos(System.nanoTime() - startedNanos).toMillis() / 1000.0;
            terminal.say(
                    moving.isEmpty()
                            ? "%d VMs on %d hosts settled in %.1f s; %d decisions, drift %d"
                                    .formatted(
                                            report.vms().size(),
                                            report.hosts().size(),
                                            seconds,
                                            report.decisions().total(),
                                            report.decisions().drift())
                            : "fleet: not settled within %d s: %s"
                                    .formatted(
                                            timeoutSeconds,
                                            String.join("; ", moving.subList(0, Math.min(5, moving.size())))));
            return moving.isEmpty();
        }
    }

    private void stay(LocalFleet fleet) {
        terminal.say("");
        terminal.say("Kafka: %s   (fleet get vms, fleet explain VM and the others find it there by default)"
                .formatted(fleet.bootstrapServers()));
        terminal.say("Metrics and health of the controller: %s/metrics".formatted(fleet.controllerUrl()));
        fleet.agentUrls()
                .forEach(
                        agent -> terminal.say("  of the agent of %s: %s/metrics".formatted(agent.host(), agent.url())));
        terminal.say("Ctrl-C stops everything.");
    }

    private static void requireDistinct(List<HostSource> sources) {
        Set<String> names = new HashSet<>();
        sources.stream()
                .map(source -> source.read().metadata().name())
                .filter(name -> !names.add(name))
                .findFirst()
                .ifPresent(name -> {
                    throw new FleetException(FleetError.USAGE, "two hosts are named %s".formatted(name));
                });
    }

    private static Path examples(String what) {
        Path root = Path.of(System.getProperty("fleet.root", "."));
        return root.resolve("deploy").resolve("examples").resolve(what);
    }
}
