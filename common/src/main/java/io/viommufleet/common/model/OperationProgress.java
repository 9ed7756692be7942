package io.viommufleet.common.model;

import java.util.List;
import java.util.Optional;

/**
 * Where an operation stands; a new leader goes on from here.
 *
 * @param id of the operation
 * @param action as it was asked for
 * @param state where it stands
 * @param reason why it was refused or failed, or what it waits for
 * @param moves the VMs that it moves, in order of name; empty where it moves none
 */
public record OperationProgress(String id, Action action, State state, String reason, List<Move> moves)
        implements FleetRecord {
    public OperationProgress {
        moves = List.copyOf(moves);
    }

    @Override
    public FleetTopic topic() {
        return FleetTopic.PROGRESS;
    }

    @Override
    public String key() {
        return id;
    }

    /** Whether nothing more happens. */
    public boolean ended() {
        return state != State.RUNNING;
    }

    /** Where an operation stands. */
    public enum State {
        /** It was not begun; the reason says why. */
        REFUSED,
        RUNNING,
        SUCCEEDED,
        FAILED,
        CANCELLED
    }

    /**
     * One VM that an operation moves.
     *
     * @param vm the VM
     * @param state how far it is
     * @param to the host that it moves or moved to; empty before one is chosen
     * @param reason why it waits, failed or was left where it was
     */
    public record Move(String vm, MoveState state, Optional<String> to, String reason) {}

    /** How far one VM is. */
    public enum MoveState {
        WAITING,
        MOVING,
        DONE,
        FAILED
    }
}
