package io.viommufleet.common.model;

/** Who wrote a record, with what lets a reader refuse a stale one. */
public sealed interface Origin {
    /** A person or a script: requests carry no ordering of their own beyond the log's. */
    record User() implements Origin {}

    /**
     * An agent.
     *
     * @param boot one life of the host; kernel objects belong to it
     * @param incarnation one life of the agent, unique for ever
     * @param sequence counts the records of this incarnation from 1
     */
    record Agent(String boot, String incarnation, long sequence) implements Origin {}

    /**
     * The leader of a cell.
     *
     * @param epoch of the leadership; per key, a lower one than the highest seen is refused
     * @param step counts the transactions of this epoch from 1
     */
    record Controller(long epoch, long step) implements Origin {}
}
