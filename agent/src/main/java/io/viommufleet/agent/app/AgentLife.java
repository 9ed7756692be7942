package io.viommufleet.agent.app;

import io.viommufleet.agent.core.AgentCore;
import io.viommufleet.agent.core.AgentEvent;
import io.viommufleet.agent.core.AgentIdentity;
import io.viommufleet.common.kafka.KafkaConnection;
import io.viommufleet.common.model.HostInventory;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Consumer;

/** One incarnation: what an agent has from when it takes up a boot of its host until it stops or that boot is over. */
final class AgentLife implements AutoCloseable {
    private final AgentIdentity identity;
    private final AgentLoop loop;
    private final Journal journal;
    private final LogConnection log;

    AgentLife(
            AgentConfig config,
            StateDirectory state,
            KafkaConnection kafka,
            HostInventory inventory,
            String boot,
            AgentMeters meters,
            Consumer<AgentStatus> status) {
        String host = inventory.metadata().name();
        identity = new AgentIdentity(
                host, inventory.metadata().cell(), boot, UUID.randomUUID().toString());
        Watchdog watchdog = new Watchdog(state.lease(), BootClock.ofMachine());
        AgentCore core = new AgentCore(identity, config.heartbeatInterval().toNanos());
        HostOperations operations = new HostOperations(config.boots().apply(inventory));
        journal = new Journal(state.journal(), boot);
        try {
            new Recovery(core, journal, operations).run();
            resumeLease(core, watchdog.acknowledgedNanos(boot, System.nanoTime()));
            log = new LogConnection(kafka, host, identity.cell());
        } catch (RuntimeException failed) {
            journal.close();
            throw failed;
        }
        loop = new AgentLoop(
                identity,
                core,
                journal,
                operations,
                watchdog,
                log,
                config.host(),
                meters,
                status,
                config.inventoryInterval());
    }

    /** The lease goes on counting from where the incarnation before left it. */
    private static void resumeLease(AgentCore core, Optional<Long> acknowledgedNanos) {
        acknowledgedNanos.ifPresent(sent -> core.on(new AgentEvent.HeartbeatAcknowledged(sent), sent));
    }

    AgentIdentity identity() {
        return identity;
    }

    AgentLoop loop() {
        return loop;
    }

    @Override
    public void close() {
        log.close();
        journal.close();
    }
}
