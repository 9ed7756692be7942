package io.viommufleet.agent.app;

import io.viommufleet.agent.core.AgentIdentity;
import io.viommufleet.agent.core.HostReset;
import io.viommufleet.common.FleetError;
import io.viommufleet.common.FleetException;
import io.viommufleet.common.kafka.KafkaConnection;
import io.viommufleet.common.model.HostInventory;
import io.viommufleet.common.observe.ObservabilityServer;
import io.viommufleet.common.observe.RoleMetrics;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;
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
    private final AgentConfig config;
    private final KafkaConnection kafka;
    private final StateDirectory state;
    private final AgentMeters meters;
    private volatile AgentLife life;
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
        this.config = config;
        try {
            HostInventory inventory = config.host().read();
            String host = inventory.metadata().name();
            RoleMetrics metrics = own(new RoleMetrics());
            kafka = new KafkaConnection(
                    config.bootstrapServers(),
                    config.kafkaProperties(),
                    config.startDeadline(),
                    Optional.of(metrics.registry()));
            state = own(StateDirectory.open(config.stateDirectory()));
            kafka.requireReachable();
            meters = new AgentMeters(metrics.registry(), this::status);
            life = lifeOf(boot(), inventory);
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
            life.loop().begin(inventory);
            while (!stopping) {
                life.loop().turn();
                life.loop().reset().ifPresent(this::reset);
            }
            if (sayGoodbye) {
                life.loop().end();
            }
        } catch (RuntimeException failed) {
            failure = failed;
            status = status.failedWith(String.valueOf(failed.getMessage()));
            LOGGER.atError()
                    .addKeyValue("host", life.identity().host())
                    .setCause(failed)
                    .log("agent failed");
        } finally {
            ended.countDown();
        }
    }

    private AgentLife lifeOf(String boot, HostInventory inventory) {
        return new AgentLife(config, state, kafka, inventory, boot, meters, now -> status = now);
    }

    /** The boot that the host is in; another one if a lease ran out in it while no agent looked. */
    private String boot() {
        String boot = state.boot(config.bootId(), config.newBoot());
        return new Watchdog(state.lease(), BootClock.ofMachine()).ranOut(boot)
                ? nextBoot(boot, HostReset.LEASE_OVER)
                : boot;
    }

    /** Resets the host: nothing is attached any more, and the agent goes on as a new incarnation of a new boot. */
    private void reset(HostReset why) {
        String boot = nextBoot(life.identity().boot(), why);
        life.close();
        HostInventory inventory = config.host().read();
        life = lifeOf(boot, inventory);
        life.loop().begin(inventory);
    }

    private String nextBoot(String over, HostReset why) {
        if (config.bootId().isPresent()) {
            throw new FleetException(
                    FleetError.CONFLICT,
                    "boot %s of the host is over, because %s: reboot the host".formatted(over, why.reason()));
        }
        String next = state.boot(Optional.empty(), true);
        meters.reset(why);
        LOGGER.atWarn()
                .addKeyValue("boot", over)
                .addKeyValue("next", next)
                .addKeyValue("reason", why.reason())
                .log("host reset");
        return next;
    }

    /** Who this agent is; another incarnation once it has reset its host. */
    public AgentIdentity identity() {
        return life.identity();
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
        life.close();
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
