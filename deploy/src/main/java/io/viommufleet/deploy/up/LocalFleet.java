package io.viommufleet.deploy.up;

import io.viommufleet.agent.app.AgentApp;
import io.viommufleet.agent.app.AgentConfig;
import io.viommufleet.agent.host.HostSource;
import io.viommufleet.agent.vmm.EmulatedHost;
import io.viommufleet.common.FleetException;
import io.viommufleet.common.kafka.KafkaConnection;
import io.viommufleet.common.kafka.Partitions;
import io.viommufleet.common.observe.ObservabilityServer;
import io.viommufleet.controller.app.ControllerApp;
import io.viommufleet.controller.app.ControllerConfig;
import io.viommufleet.controller.cell.CellSettings;
import io.viommufleet.deploy.broker.BrokerSettings;
import io.viommufleet.deploy.broker.EmbeddedBroker;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Consumer;

/**
 * A fleet in this process: the same roles that run apart elsewhere, on a real broker. Closing it stops agents, controller and
 * broker, in this order.
 */
public final class LocalFleet implements AutoCloseable {
    private static final int ATTACHMENT_PARTITIONS = 1;

    private final Deque<AutoCloseable> parts = new ArrayDeque<>();
    private final LocalFleetSettings settings;
    private final Consumer<String> progress;
    private final List<AgentApp> agents = new ArrayList<>();
    private Optional<ControllerApp> controller = Optional.empty();
    private String bootstrapServers = "";

    private LocalFleet(LocalFleetSettings settings, Consumer<String> progress) {
        this.settings = settings;
        this.progress = progress;
    }

    /**
     * Starts everything.
     *
     * @param progress is told what is being done
     * @throws FleetException if any part does not start; what had started is stopped again
     */
    public static LocalFleet start(LocalFleetSettings settings, Consumer<String> progress) {
        LocalFleet fleet = new LocalFleet(settings, progress);
        try {
            fleet.startParts();
            return fleet;
        } catch (RuntimeException failure) {
            fleet.close();
            throw failure;
        }
    }

    private void startParts() {
        bootstrapServers =
                settings.outsideBroker().map(KafkaConnection::bootstrapServers).orElseGet(this::startBroker);
        progress.accept("starting the controller");
        ControllerApp started = ControllerApp.start(new ControllerConfig(
                "controller-0",
                connection(),
                Optional.of(new Partitions(settings.cells(), ATTACHMENT_PARTITIONS)),
                settings.replication(),
                true,
                CellSettings.DEFAULT,
                ObservabilityServer.LOOPBACK,
                0));
        controller = Optional.of(own(started));
        progress.accept("starting %d agents".formatted(settings.hosts().size()));
        startAgents();
    }

    private String startBroker() {
        progress.accept("starting a Kafka broker");
        Path directory = settings.dataDirectory().resolve("broker");
        return own(EmbeddedBroker.start(new BrokerSettings(directory, "localhost", settings.port())))
                .bootstrapServers();
    }

    private void startAgents() {
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            List<CompletableFuture<AgentApp>> starting = settings.hosts().stream()
                    .map(host -> CompletableFuture.supplyAsync(() -> startAgent(host), threads))
                    .toList();
            for (CompletableFuture<AgentApp> agent : starting) {
                try {
                    agents.add(own(agent.join()));
                } catch (CompletionException failure) {
                    throw failure.getCause() instanceof FleetException known ? known : failure;
                }
            }
        }
    }

    private AgentApp startAgent(HostSource host) {
        String name = host.read().metadata().name();
        AgentConfig config = AgentConfig.of(
                bootstrapServers,
                host,
                EmulatedHost::new,
                settings.dataDirectory().resolve("agents").resolve(name));
        return AgentApp.start(config);
    }

    private synchronized <T extends AutoCloseable> T own(T part) {
        parts.push(part);
        return part;
    }

    /** How to reach its Kafka. */
    public KafkaConnection connection() {
        return settings.outsideBroker().orElseGet(() -> KafkaConnection.to(bootstrapServers));
    }

    /** What clients take as {@code bootstrap.servers}. */
    public String bootstrapServers() {
        return bootstrapServers;
    }

    /** How the topics are laid out. */
    public Partitions layout() {
        return new Partitions(settings.cells(), ATTACHMENT_PARTITIONS);
    }

    /** Where the controller serves metrics and health. */
    public String controllerUrl() {
        return controller.orElseThrow().url();
    }

    /** Where an agent serves metrics and health. */
    public record AgentUrl(String host, String url) {}

    /** Where each agent serves metrics and health. */
    public List<AgentUrl> agentUrls() {
        return agents.stream()
                .map(agent -> new AgentUrl(agent.identity().host(), agent.url().orElse("")))
                .toList();
    }

    @Override
    public synchronized void close() {
        List<AgentApp> ending = List.copyOf(agents);
        agents.clear();
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            ending.forEach(agent -> threads.execute(agent::close));
        }
        parts.removeIf(AgentApp.class::isInstance);
        while (!parts.isEmpty()) {
            AutoCloseable part = parts.pop();
            try {
                part.close();
            } catch (Exception failure) {
                progress.accept("did not stop cleanly: " + failure.getMessage());
            }
        }
    }
}
