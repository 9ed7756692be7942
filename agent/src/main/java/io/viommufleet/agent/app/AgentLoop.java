package io.viommufleet.agent.app;

import io.viommufleet.agent.core.AgentCore;
import io.viommufleet.agent.core.AgentEvent;
import io.viommufleet.agent.core.AgentIdentity;
import io.viommufleet.agent.core.HostReset;
import io.viommufleet.agent.core.Operation;
import io.viommufleet.agent.core.OperationResult;
import io.viommufleet.agent.core.Step;
import io.viommufleet.agent.host.HostSource;
import io.viommufleet.agent.vmm.LostDevice;
import io.viommufleet.common.FleetException;
import io.viommufleet.common.kafka.FleetWriter;
import io.viommufleet.common.model.AttachmentId;
import io.viommufleet.common.model.Bdf;
import io.viommufleet.common.model.Envelope;
import io.viommufleet.common.model.HostInventory;
import io.viommufleet.common.model.Outcome;
import io.viommufleet.common.model.Rejected;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The duty cycle: one thread that turns what happens into events and carries out the steps that follow. */
final class AgentLoop {
    private static final Logger LOGGER = LoggerFactory.getLogger(AgentLoop.class);
    private static final Duration POLL = Duration.ofMillis(100);

    private final AgentIdentity identity;
    private final AgentCore core;
    private final Journal journal;
    private final HostOperations operations;
    private final Watchdog watchdog;
    private final LogConnection log;
    private final HostSource host;
    private final AgentMeters meters;
    private final Consumer<AgentStatus> status;
    private final long inventoryIntervalNanos;
    private final Outbox outbox = new Outbox();
    private final Deque<AgentEvent> events = new ArrayDeque<>();
    private Optional<HostInventory> booted = Optional.empty();
    private Optional<String> complaint = Optional.empty();
    private Optional<Late> late = Optional.empty();
    private Set<Bdf> lost = Set.of();
    private Optional<HostReset> reset = Optional.empty();
    private boolean writing;
    private boolean loaded;
    private long lookedNanos;

    AgentLoop(
            AgentIdentity identity,
            AgentCore core,
            Journal journal,
            HostOperations operations,
            Watchdog watchdog,
            LogConnection log,
            HostSource host,
            AgentMeters meters,
            Consumer<AgentStatus> status,
            Duration inventoryInterval) {
        this.identity = identity;
        this.core = core;
        this.journal = journal;
        this.operations = operations;
        this.watchdog = watchdog;
        this.log = log;
        this.host = host;
        this.meters = meters;
        this.status = status;
        this.inventoryIntervalNanos = inventoryInterval.toNanos();
    }

    /** An operation on a slow host: it is done, but its end is not known before a moment. */
    private record Late(AgentEvent.OperationCompleted event, long dueNanos) {}

    /** Starts with what the host was found to be. */
    void begin(HostInventory inventory) {
        booted = Optional.of(inventory);
        lookedNanos = System.nanoTime();
        operations.disturb(inventory.faults());
        handle(new AgentEvent.InventoryRead(inventory));
    }

    /** One turn: read, look, beat, act. Rides out a Kafka that does not answer. */
    void turn() {
        try {
            log.poll(patience()).forEach(this::handle);
            complained(Optional.empty());
        } catch (FleetException failure) {
            ride(failure);
        }
        log.writer().ifPresent(this::keepWriting);
        if (log.loaded() && !loaded) {
            loaded = true;
            handle(new AgentEvent.CaughtUp());
        }
        late.filter(ended -> ended.dueNanos() - System.nanoTime() <= 0).ifPresent(ended -> {
            late = Optional.empty();
            handle(ended.event());
        });
        look();
        handle(new AgentEvent.Tick());
        status.accept(AgentStatus.of(core, log.reading(), log.lag()));
    }

    /** Why the host is to be reset, once it is: this boot is over. */
    Optional<HostReset> reset() {
        return reset;
    }

    /** Says goodbye; the records that are on their way are waited for. */
    void end() {
        handle(new AgentEvent.Stopping());
        log.writer().ifPresent(FleetWriter::flush);
    }

    /** How long to wait for records: not longer than until a slow operation ends. */
    private Duration patience() {
        return late.map(ended -> Duration.ofNanos(Math.max(0, ended.dueNanos() - System.nanoTime())))
                .filter(left -> left.compareTo(POLL) < 0)
                .orElse(POLL);
    }

    private void ride(FleetException failure) {
        switch (failure.error()) {
            case UNREACHABLE -> complained(Optional.of(String.valueOf(failure.getMessage())));
            case CONFLICT -> {
                if (!log.reading()) {
                    throw failure;
                }
                complained(Optional.of(String.valueOf(failure.getMessage())));
                loaded = false;
                handle(new AgentEvent.LogRestarted());
                log.restart();
            }
            case FAILED, USAGE, NOT_FOUND, NOT_SETTLED -> throw failure;
        }
    }

    private void keepWriting(FleetWriter writer) {
        if (!writing) {
            writing = true;
            outbox.release(writer, System.nanoTime());
        }
        outbox.collect(writer, System.nanoTime())
                .forEach(sentNanos -> handle(new AgentEvent.HeartbeatAcknowledged(sentNanos)));
    }

    private void look() {
        boolean early = System.nanoTime() - lookedNanos < inventoryIntervalNanos;
        if (early && !losesMore()) {
            return;
        }
        lookedNanos = System.nanoTime();
        try {
            HostInventory found = host.read();
            if (isSelf(found)) {
                operations.disturb(found.faults());
                changed(booted.map(found::duringBootOf).orElse(found).without(lost));
            } else {
                complained(Optional.of("%s now says that the host is %s of cell %d; restart the agent to follow"
                        .formatted(
                                host.describe(),
                                found.metadata().name(),
                                found.metadata().cell())));
            }
        } catch (FleetException unreadable) {
            complained(Optional.of("the last inventory stands: %s".formatted(unreadable.getMessage())));
        }
    }

    /** The host follows first, so that what is published can be attached; then what it took from VMs is said. */
    private void changed(HostInventory latest) {
        List<LostDevice> losses = operations.follow(latest);
        handle(new AgentEvent.InventoryRead(latest));
        for (LostDevice lost : losses) {
            AttachmentId id = new AttachmentId(identity.host(), lost.vm(), lost.device());
            LOGGER.atWarn()
                    .addKeyValue("attachment", id)
                    .addKeyValue("reason", lost.why().reason())
                    .log("device lost");
            handle(new AgentEvent.DeviceLost(id, lost.why()));
        }
    }

    /** Whether the host has lost a device that it had when last looked at; it counts as gone from here on. */
    private boolean losesMore() {
        Set<Bdf> now = operations.lostDevices();
        boolean more = !now.equals(lost);
        if (more) {
            lost = now;
            LOGGER.atWarn().addKeyValue("gone", now).log("devices are gone from the host");
        }
        return more;
    }

    private boolean isSelf(HostInventory found) {
        return found.metadata().name().equals(identity.host())
                && found.metadata().cell() == identity.cell();
    }

    private void handle(AgentEvent event) {
        events.add(event);
        for (AgentEvent next = events.poll(); next != null; next = events.poll()) {
            carryOut(core.on(next, System.nanoTime()));
        }
    }

    private void carryOut(Step step) {
        journal.append(step.journal());
        step.reset().ifPresent(why -> reset = Optional.of(why));
        watchdog.keep(identity.boot(), core.leaseMillis(), core.acknowledgedNanos(), System.nanoTime());
        step.records().forEach(this::write);
        meters.drift(core.drift());
        for (Operation operation : step.operations()) {
            OperationResult result = operations.run(operation);
            complete(new AgentEvent.OperationCompleted(
                    operation.id(), result, operations.trace(operation.id(), operation.generation())));
        }
    }

    private void complete(AgentEvent.OperationCompleted event) {
        long delayNanos = operations.takeDelayNanos();
        if (delayNanos == 0) {
            events.add(event);
        } else {
            late = Optional.of(new Late(event, System.nanoTime() + delayNanos));
        }
    }

    private void write(Envelope envelope) {
        switch (envelope.value()) {
            case Outcome outcome -> {
                meters.answered(outcome);
                LOGGER.atInfo()
                        .addKeyValue("attachment", outcome.id())
                        .addKeyValue("generation", outcome.attachmentGeneration())
                        .addKeyValue("state", outcome.state())
                        .log("attachment answered");
            }
            case Rejected rejected -> {
                meters.rejected(1);
                LOGGER.atWarn()
                        .addKeyValue("record", rejected.key())
                        .addKeyValue("reason", rejected.reason())
                        .log("record rejected");
            }
            default -> {}
        }
        log.writer()
                .filter(writer -> writing)
                .ifPresentOrElse(
                        writer -> outbox.send(writer, envelope, System.nanoTime()), () -> outbox.hold(envelope));
    }

    /** Says what is wrong once, and that it is over once. */
    private void complained(Optional<String> now) {
        if (now.isPresent() && !now.equals(complaint)) {
            LOGGER.atWarn().addKeyValue("error", now.get()).log("degraded");
        }
        complaint = now;
    }
}
