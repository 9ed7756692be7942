package io.viommufleet.controller.app;

import io.viommufleet.common.FleetError;
import io.viommufleet.common.FleetException;
import io.viommufleet.common.kafka.CommitUnknown;
import io.viommufleet.common.kafka.Fenced;
import io.viommufleet.common.kafka.KafkaConnection;
import io.viommufleet.common.kafka.Partitions;
import java.time.Duration;
import java.util.concurrent.locks.LockSupport;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Leads one cell for as long as it is assigned here: takes over, works, and takes over again whenever it cannot know where
 * it stands. One thread; {@link #close} waits for it.
 */
final class CellLoop implements AutoCloseable {
    private static final Logger LOGGER = LoggerFactory.getLogger(CellLoop.class);
    private static final Duration RETRY = Duration.ofSeconds(1);
    private static final Duration STOP = Duration.ofSeconds(15);

    private final int cell;
    private final ControllerConfig config;
    private final KafkaConnection kafka;
    private final Partitions layout;
    private final CellMeters meters;
    private final Thread thread;
    private volatile boolean stopping;

    CellLoop(int cell, ControllerConfig config, KafkaConnection kafka, Partitions layout, CellMeters meters) {
        this.cell = cell;
        this.config = config;
        this.kafka = kafka;
        this.layout = layout;
        this.meters = meters;
        this.thread = Thread.ofPlatform().name("cell-" + cell).start(this::run);
    }

    private void run() {
        while (!stopping) {
            try (CellLeadership leadership = CellLeadership.takeOver(cell, config, kafka, layout, meters)) {
                LOGGER.atInfo()
                        .addKeyValue("cell", cell)
                        .addKeyValue("epoch", leadership.epoch())
                        .log("leading");
                while (!stopping) {
                    leadership.step();
                }
            } catch (Fenced fenced) {
                LOGGER.atWarn().addKeyValue("cell", cell).log("another controller leads this cell now");
                pause();
            } catch (CommitUnknown unknown) {
                LOGGER.atWarn()
                        .addKeyValue("cell", cell)
                        .addKeyValue("error", unknown.getMessage())
                        .log("a commit is unknown, taking over again");
                pause();
            } catch (FleetException failure) {
                lost(failure);
            } catch (RuntimeException unexpected) { // a bug must not leave an assigned cell without its loop
                LOGGER.atError()
                        .addKeyValue("cell", cell)
                        .setCause(unexpected)
                        .log("dropped the cell, taking over again");
                pause();
            } finally {
                meters.notLeading();
            }
        }
    }

    private void lost(FleetException failure) {
        LOGGER.atWarn()
                .addKeyValue("cell", cell)
                .addKeyValue("error", failure.getMessage())
                .log(failure.error() == FleetError.UNREACHABLE ? "lost Kafka" : "lost the cell");
        pause();
    }

    private void pause() {
        if (!stopping) {
            LockSupport.parkNanos(RETRY.toNanos());
        }
    }

    @Override
    public void close() {
        stopping = true;
        LockSupport.unpark(thread);
        try {
            if (!thread.join(STOP)) {
                LOGGER.atWarn().addKeyValue("cell", cell).log("the cell did not stop in time");
            }
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
