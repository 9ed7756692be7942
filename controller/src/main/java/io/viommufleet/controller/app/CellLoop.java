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
 * Follows one cell as its standby, or leads it, as the group of controllers says; one thread, which {@link #close} waits for.
 *
 * <p>Whoever leads begins as a follower that has caught up. A leadership that ends in doubt (fenced, a commit unknown, Kafka
 * lost) drops the state and reads it anew, but takes the cell over again only when the group has said once more that it is
 * this controller's: one that had been away must not fence the leader that has replaced it.
 */
final class CellLoop implements AutoCloseable {
    private static final Logger LOGGER = LoggerFactory.getLogger(CellLoop.class);
    private static final Duration POLL = Duration.ofMillis(100);
    private static final Duration LONGEST_PAUSE = Duration.ofSeconds(30);
    private static final Duration STOP = Duration.ofSeconds(15);

    /** What the group wants of this controller. */
    private enum Task {
        FOLLOW,
        LEAD,
        STOP
    }

    private final int cell;
    private final ControllerConfig config;
    private final KafkaConnection kafka;
    private final Partitions layout;
    private final CellMeters meters;
    private final Thread thread;
    private volatile Task task = Task.FOLLOW;
    private volatile long confirmed;
    private volatile long doubted;
    private volatile boolean caughtUp;
    private volatile boolean asking;
    private int failures;

    CellLoop(int cell, ControllerConfig config, KafkaConnection kafka, Partitions layout, CellMeters meters) {
        this.cell = cell;
        this.config = config;
        this.kafka = kafka;
        this.layout = layout;
        this.meters = meters;
        this.thread = Thread.ofPlatform().name("cell-" + cell).start(this::run);
    }

    /** The group says that the cell is this controller's to lead; called by one thread. */
    void lead() {
        long next = confirmed + 1;
        confirmed = next;
        turnTo(Task.LEAD);
    }

    /** The group says that this controller is the cell's standby. */
    void follow() {
        turnTo(Task.FOLLOW);
    }

    /** Tells the loop to end, without waiting for it. */
    void stop() {
        turnTo(Task.STOP);
    }

    private void turnTo(Task newTask) {
        task = newTask;
        LockSupport.unpark(thread);
    }

    /** Whether it only follows the cell, and has nothing left to catch up on. */
    boolean isStandby() {
        return task == Task.FOLLOW && caughtUp;
    }

    boolean isToLead() {
        return task == Task.LEAD;
    }

    /** Whether it would lead the cell again if the group said once more that it may. */
    boolean asksForWord() {
        return asking;
    }

    private boolean mayLead() {
        return task == Task.LEAD && confirmed > doubted;
    }

    private void run() {
        while (task != Task.STOP) {
            long startNanos = System.nanoTime();
            try {
                followThenLead();
            } catch (UnknownFeatureLevel unknown) {
                refuse(unknown);
            } catch (FleetException failure) {
                LOGGER.atWarn()
                        .addKeyValue("cell", cell)
                        .addKeyValue("error", failure.getMessage())
                        .log(whatHappened(failure));
                pause(startNanos);
            } catch (RuntimeException unexpected) { // a bug must not leave an assigned cell without its loop
                LOGGER.atError()
                        .addKeyValue("cell", cell)
                        .setCause(unexpected)
                        .log("dropped the cell, reading it again");
                pause(startNanos);
            }
        }
    }

    private void followThenLead() {
        String client = "%s-cell-%d".formatted(config.instance(), cell);
        try (CellFold fold = new CellFold(cell, config.cells(), kafka, client, layout)) {
            follow(fold);
            if (mayLead()) {
                lead(fold);
            }
        } finally {
            caughtUp = false;
            asking = false;
        }
    }

    /** Until the cell is to be led, and everything that was committed has been read. */
    private void follow(CellFold fold) {
        while (task != Task.STOP && !mayLead()) {
            fold.poll(POLL);
            UnknownFeatureLevel.refuse(fold.leader());
            asking = task == Task.LEAD;
            if (fold.isCaughtUp() && !caughtUp) {
                caughtUp = true;
                meters.refused(false);
                LOGGER.atInfo().addKeyValue("cell", cell).log("following");
            }
        }
        if (task == Task.LEAD) {
            fold.aimAtCommitted();
            while (task == Task.LEAD && !fold.isCaughtUp()) {
                fold.poll(POLL);
            }
        }
    }

    private void lead(CellFold fold) {
        try (CellLeadership leadership =
                CellLeadership.takeOver(cell, config.instance(), fold, kafka, layout, meters)) {
            meters.refused(false);
            LOGGER.atInfo()
                    .addKeyValue("cell", cell)
                    .addKeyValue("epoch", leadership.epoch())
                    .log("leading");
            while (task == Task.LEAD) {
                leadership.step();
            }
        } finally {
            meters.notLeading();
        }
    }

    private static String whatHappened(FleetException failure) {
        return switch (failure) {
            case Fenced _ -> "another controller leads this cell now";
            case CommitUnknown _ -> "a commit is unknown, reading the cell again";
            default -> failure.error() == FleetError.UNREACHABLE ? "lost Kafka" : "lost the cell";
        };
    }

    private void refuse(UnknownFeatureLevel unknown) {
        if (!meters.isRefused()) {
            LOGGER.atError()
                    .addKeyValue("cell", cell)
                    .addKeyValue("error", unknown.getMessage())
                    .log("refusing to lead this cell");
        }
        meters.refused(true);
        park(LONGEST_PAUSE);
    }

    /** Longer with every failure in a row; what had gone well for a while starts again at a second. */
    private void pause(long startNanos) {
        doubted = confirmed;
        failures = System.nanoTime() - startNanos > LONGEST_PAUSE.toNanos() ? 1 : failures + 1;
        Duration doubled = Duration.ofSeconds(1L << Math.min(failures - 1, 5));
        park(doubled.compareTo(LONGEST_PAUSE) < 0 ? doubled : LONGEST_PAUSE);
    }

    private void park(Duration time) {
        if (task != Task.STOP) {
            LockSupport.parkNanos(time.toNanos());
        }
    }

    @Override
    public void close() {
        stop();
        try {
            if (!thread.join(STOP)) {
                LOGGER.atWarn().addKeyValue("cell", cell).log("the cell did not stop in time");
            }
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
