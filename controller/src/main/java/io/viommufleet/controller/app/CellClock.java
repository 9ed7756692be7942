package io.viommufleet.controller.app;

/**
 * The time that a cell sees. It stands still while the cell is only followed, so that all timers of whoever takes it over
 * start at the take-over, whatever was heard before. One thread.
 */
final class CellClock {
    private final long frozenNanos;
    private long startedNanos;
    private boolean running;

    CellClock() {
        frozenNanos = System.nanoTime();
    }

    /** The cell is led from now on. */
    void start() {
        startedNanos = System.nanoTime();
        running = true;
    }

    long nowNanos() {
        return running ? frozenNanos + (System.nanoTime() - startedNanos) : frozenNanos;
    }
}
