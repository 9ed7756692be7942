package io.viommufleet.deploy.view;

import io.viommufleet.common.model.Action;
import io.viommufleet.common.model.FleetTopic;
import io.viommufleet.common.model.Operation;
import io.viommufleet.common.model.OperationProgress;
import io.viommufleet.common.model.OperationProgress.Move;
import io.viommufleet.common.model.OperationProgress.MoveState;
import io.viommufleet.common.model.Rejected;
import io.viommufleet.deploy.view.FleetState.CellKey;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;
import java.util.stream.Stream;

/**
 * An operation as users see it.
 *
 * @param key id, in its cell
 * @param action what was asked for
 * @param state where it stands; empty while no controller has answered
 * @param reason why it was refused or failed, or what it waits for; may be empty
 * @param moves the VMs that it moves
 */
public record OperationReport(
        CellKey<String> key, Action action, Optional<OperationProgress.State> state, String reason, List<Move> moves) {
    public OperationReport {
        moves = List.copyOf(moves);
    }

    /** Every operation of the fleet, by id. */
    public static List<OperationReport> all(FleetState state) {
        TreeSet<CellKey<String>> keys = new TreeSet<>(state.operations().keySet());
        keys.addAll(state.progress().keySet());
        return keys.stream().flatMap(key -> of(state, key).stream()).toList();
    }

    /** One operation; empty where the log knows nothing of it. */
    public static Optional<OperationReport> of(FleetState state, CellKey<String> key) {
        OperationProgress progress = state.progress().get(key);
        if (progress != null) {
            return Optional.of(new OperationReport(
                    key, progress.action(), Optional.of(progress.state()), progress.reason(), progress.moves()));
        }
        return Optional.ofNullable(state.operations().get(key)).map(asked -> unanswered(state, key, asked));
    }

    /** A request that could not be read at all has no progress; it lies among the rejected records. */
    private static OperationReport unanswered(FleetState state, CellKey<String> key, Operation asked) {
        Optional<String> refusal = state.rejected().stream()
                .filter(rejected -> rejected.sourceTopic().equals(FleetTopic.OPERATIONS.topicName())
                        && rejected.recordKey().equals(key.key()))
                .map(Rejected::reason)
                .findFirst();
        return new OperationReport(
                key,
                asked.action(),
                refusal.map(why -> OperationProgress.State.REFUSED),
                refusal.orElse(""),
                List.of());
    }

    /** Whether nothing more happens. */
    public boolean ended() {
        return state.filter(now -> now != OperationProgress.State.RUNNING).isPresent();
    }

    /** Its state as users spell it. */
    public String stateWord() {
        return state.map(Words::of).orElse("Asked for");
    }

    /** How many of its VMs have moved, and how many could not, in words; empty where it moves none. */
    public String moveCounts() {
        if (moves.isEmpty()) {
            return "";
        }
        long failed = count(MoveState.FAILED);
        return "%d of %d VMs moved%s"
                .formatted(count(MoveState.DONE), moves.size(), failed == 0 ? "" : ", %d not".formatted(failed));
    }

    private long count(MoveState wanted) {
        return moves.stream().filter(move -> move.state() == wanted).count();
    }

    /** In one line: {@code drain spr-01 (live): Running, 1 of 3 VMs moved}. */
    public String line() {
        return action.words()
                + ": "
                + String.join(
                        ", ",
                        Stream.of(stateWord(), moveCounts(), reason)
                                .filter(part -> !part.isEmpty())
                                .toList());
    }

    /** One of its moves in one line: {@code trainer: Moving to spr-02}. */
    public static String line(Move move) {
        return "%s: %s%s%s"
                .formatted(
                        move.vm(),
                        Words.of(move.state()),
                        move.to().map(" to "::concat).orElse(""),
                        move.reason().isEmpty() ? "" : ", " + move.reason());
    }
}
