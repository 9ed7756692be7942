package io.viommufleet.agent.app;

import io.viommufleet.agent.core.AgentCore;
import io.viommufleet.agent.core.AgentIdentity;
import io.viommufleet.common.FleetException;
import io.viommufleet.common.kafka.KafkaConnection;
import io.viommufleet.common.model.HostInventory;
import io.viommufleet.common.observe.ObservabilityServer;
import io.viommufleet.common.observe.RoleMetrics;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One agent of one host, running on a thread of its own from {@link #start} until {@link #close}.
 *
 * <p>Within one boot of its host it finds what it left: the state directory's journal rebuilds the emulated host, and
 * everything that was attached still is. A state directory has one agent at a time.
 */
public final class AgentApp implements AutoCloseable {
    private static final Logger LOGGER = LoggerFactory.getLogger(AgentApp.class);
    private static final long CLOSE_DEADLINE_MILLIS = 20_000;

    private final Deque<AutoCloseable> owned = new ArrayDeque<>();
    private final CountDownLatch ended = new CountDownLatch(1);
    private final AgentIdentity identity;
    private final AgentLoop loop;
    private final Thread thread;
    private final Optional<ObservabilityServer> server;
    private volatile AgentStatus status = AgentStatus.STARTING;
    private volatile boolean stopping;
    private volatile boolean sayGoodbye = true;
    private volatile @Nullable RuntimeException failure;

    /**
     * Starts an agent.
     *
     * @throws FleetException UNREACHABLE if Kafka does not answer within the start deadline; CONFLICT if another agent has
     *     the state directory; FAILED or USAGE if the host or the state directory cannot be read
     */
    public static AgentApp start(AgentConfig config) {
        AgentApp app = new AgentApp(config);
        app.thread.start();
        return app;
    }

    private AgentApp(AgentConfig config) {
        try {
            HostInventory inventory = config.host().read();
            String host = inventory.metadata().name();
            RoleMetrics metrics = own(new RoleMetrics());
            KafkaConnection kafka = new KafkaConnection(
                    config.bootstrapServers(),
                    config.kafkaProperties(),
                    config.startDeadline(),
                    Optional.of(metrics.registry()));
            StateDirectory state = own(StateDirectory.open(config.stateDirectory()));
            kafka.requireReachable();
            String boot = state.boot(config.bootId(), config.newBoot());
            identity = new AgentIdentity(
                    host, inventory.metadata().cell(), boot, UUID.randomUUID().toString());
            Journal journal = own(new Journal(state.journal(), boot));
            AgentCore core = new AgentCore(identity, config.heartbeatInterval().toNanos());
            HostOperations operations = new HostOperations(config.boots().apply(inventory));
            new Recovery(core, journal, operations).run();
            AgentMeters meters = new AgentMeters(metrics.registry(), this::status);
            LogConnection log = own(new LogConnection(kafka, host, identity.cell()));
            loop = new AgentLoop(
                    identity,
                    core,
                    journal,
                    operations,
                    log,
                    config.host(),
                    meters,
                    now -> status = now,
                    config.inventoryInterval());
            server = config.httpPort()
                    .map(port -> own(ObservabilityServer.start(
                            ObservabilityServer.LOOPBACK, port, metrics, new AgentHealth(this::status))));
            thread = Thread.ofPlatform().name("agent-" + host).unstarted(() -> run(inventory));
        } catch (RuntimeException failed) {
            release();
            throw failed;
        }
    }

    private void run(HostInventory inventory) {
        try {
            loop.begin(inventory);
            while (!stopping) {
                loop.turn();
            }
            if (sayGoodbye) {
                loop.end();
            }
        } catch (RuntimeException failed) {
            failure = failed;
            status = status.failedWith(String.valueOf(failed.getMessage()));
            LOGGER.atError()
                    .addKeyValue("host", identity.host())
                    .setCause(failed)
                    .log("agent failed");
        } finally {
            ended.countDown();
        }
    }

    /** Who this agent is. */
    public AgentIdentity identity() {
        return identity;
    }

    /** What the agent last knew of itself. */
    public AgentStatus status() {
        return status;
    }

    /** Where metrics and health are served, if they are. */
    public Optional<String> url() {
        return server.map(ObservabilityServer::url);
    }

    /**
     * Waits until the agent has ended.
     *
     * @throws FleetException what ended it, if something did
     */
    public void await() throws InterruptedException {
        ended.await();
        if (failure != null) {
            throw failure;
        }
    }

    /** Stops at once, without a goodbye, as a crash would; the controller notices by time-out. */
    public void abandon() {
        sayGoodbye = false;
        close();
    }

    @Override
    public void close() {
        stopping = true;
        try {
            thread.join(CLOSE_DEADLINE_MILLIS);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
        release();
    }

    private <T extends AutoCloseable> T own(T resource) {
        owned.push(resource);
        return resource;
    }

    private void release() {
        for (AutoCloseable resource = owned.poll(); resource != null; resource = owned.poll()) {
            try {
                resource.close();
            } catch (Exception failed) {
                LOGGER.atWarn().addKeyValue("error", failed.toString()).log("not closed cleanly");
            }
        }
    }
}
