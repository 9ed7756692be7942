package io.viommufleet.controller.cell;

import io.viommufleet.common.model.Action;
import io.viommufleet.common.model.Action.MigrationMode;
import io.viommufleet.common.model.HostInventory;
import io.viommufleet.common.model.HostState;
import io.viommufleet.common.model.OperationProgress;
import io.viommufleet.common.model.OperationProgress.Move;
import io.viommufleet.common.model.OperationProgress.MoveState;
import io.viommufleet.common.model.OperationProgress.State;
import io.viommufleet.common.model.Phase;
import io.viommufleet.common.model.Placement;
import io.viommufleet.common.model.Placement.FailureKind;
import io.viommufleet.common.model.Placement.Movement;
import io.viommufleet.common.model.Placement.Stage;
import io.viommufleet.controller.lifecycle.LiveMigration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;

/**
 * The operations that move VMs: each VM waits for its turn, moves, and is done or failed. How one moves is its placement's
 * ({@link MovementPlanner}); here is which one, when, and what became of it. All of it is read off the log again at each step,
 * so that a new leader goes on where the old one stopped.
 */
final class MovePlanner {
    private static final int PARALLEL = 4;

    private final Draft draft;
    private final Capacity capacity;
    private final Decisions decisions;
    private final Agenda agenda;
    private final MoveLimits limits;

    MovePlanner(Draft draft, Capacity capacity, Decisions decisions, Agenda agenda) {
        this.draft = draft;
        this.capacity = capacity;
        this.decisions = decisions;
        this.agenda = agenda;
        this.limits = new MoveLimits(draft, agenda);
    }

    static Move waiting(String vm) {
        return new Move(vm, MoveState.WAITING, Optional.empty(), "");
    }

    /** The VMs that have their active leg on a host, each waiting; but for those that another operation moves. */
    List<Move> onHost(String host, String operation) {
        List<Move> moves = new ArrayList<>();
        for (String vm : draft.state().vmsOn(host)) {
            draft.placement(vm)
                    .filter(placement -> isPlacedOn(placement, host))
                    .ifPresent(placement -> moves.add(otherOperation(vm, operation)
                            .map(other -> new Move(
                                    vm, MoveState.FAILED, Optional.empty(), "operation %s moves it".formatted(other)))
                            .orElseGet(() -> waiting(vm))));
        }
        return moves;
    }

    private static boolean isPlacedOn(Placement placement, String host) {
        return (placement.phase() == Phase.RUNNING || placement.phase() == Phase.PLACING)
                && placement.active().filter(leg -> leg.host().equals(host)).isPresent();
    }

    private Optional<String> otherOperation(String vm, String operation) {
        return agenda.running().stream()
                .filter(id -> !id.equals(operation))
                .filter(id -> draft.progress(id).stream()
                        .filter(progress -> !progress.ended())
                        .flatMap(progress -> progress.moves().stream())
                        .anyMatch(move -> move.vm().equals(vm) && !hasEnded(move)))
                .findFirst();
    }

    private static boolean hasEnded(Move move) {
        return move.state() == MoveState.DONE || move.state() == MoveState.FAILED;
    }

    /** Why a VM cannot be migrated as asked; empty where it can. */
    Optional<String> refusal(Action.Migrate asked, String operation) {
        Optional<Placement> placement = draft.placement(asked.vm());
        if (placement.isEmpty()) {
            return Optional.of("there is no VM %s in this cell".formatted(asked.vm()));
        }
        Optional<String> other = otherOperation(asked.vm(), operation);
        if (other.isPresent()) {
            return other.map("operation %s moves it already"::formatted);
        }
        return unmovable(placement.get()).or(() -> switch (plan(placement.get(), asked.to(), asked.mode())) {
            case Planned.Refused(String why) -> Optional.of(why);
            case Planned.Possible _ -> Optional.empty();
        });
    }

    private Optional<String> unmovable(Placement placement) {
        if (placement.phase() != Phase.RUNNING) {
            return Optional.of("VM %s is %s; only a running VM can move".formatted(placement.key(), placement.phase()));
        }
        String host = placement.active().orElseThrow().host();
        return draft.hostState(host)
                .flatMap(HostState::lost)
                .map(why -> "its host %s is lost: evacuate it".formatted(host));
    }

    private sealed interface Planned {
        record Possible(Placement.Leg target) implements Planned {}

        record Refused(String why) implements Planned {}
    }

    private Planned plan(Placement placement, Optional<String> to, MigrationMode mode) {
        Optional<String> forbidden = to.flatMap(host -> forbidden(placement, host));
        if (forbidden.isPresent()) {
            return new Planned.Refused(forbidden.get());
        }
        Optional<Placement.Leg> target = capacity.placeElsewhere(placement, to);
        if (target.isEmpty()) {
            return new Planned.Refused(to.flatMap(host -> capacity.verdict(placement, host))
                    .map(verdict -> "host %s: %s".formatted(verdict.host(), verdict.reason()))
                    .orElseGet(() -> "no other host takes it: " + capacity.whyPending(placement)));
        }
        Optional<String> refusal = mode == MigrationMode.LIVE ? liveRefusal(placement, target.get()) : Optional.empty();
        return refusal.<Planned>map(
                        why -> new Planned.Refused("no live migration: %s; a cold one is possible".formatted(why)))
                .orElseGet(() -> new Planned.Possible(target.get()));
    }

    private Optional<String> forbidden(Placement placement, String to) {
        if (placement.active().filter(leg -> leg.host().equals(to)).isPresent()) {
            return Optional.of("it is on %s already".formatted(to));
        }
        if (!draft.state().inventories().containsKey(to)) {
            return Optional.of("there is no host %s in this cell".formatted(to));
        }
        List<String> allowed = placement.spec().placement().hosts();
        return allowed.isEmpty() || allowed.contains(to)
                ? Optional.empty()
                : Optional.of("the VM allows %s only".formatted(String.join(", ", allowed)));
    }

    private Optional<String> liveRefusal(Placement placement, Placement.Leg target) {
        return LiveMigration.refusal(
                placement,
                decisions.of(placement),
                inventory(placement.active().orElseThrow().host()),
                inventory(target.host()),
                target);
    }

    private HostInventory inventory(String host) {
        return draft.inventory(host).orElseThrow();
    }

    /** Goes on with an operation, as far as it can go in this step. */
    void follow(OperationProgress progress) {
        List<Move> moves = new ArrayList<>(progress.moves());
        moves.replaceAll(move -> move.state() == MoveState.MOVING ? observe(progress, move) : move);
        for (int index = 0; index < moves.size(); index++) {
            if (moves.get(index).state() == MoveState.WAITING) {
                moves.set(index, tryToStart(progress, moves, moves.get(index)));
            }
        }
        boolean ended = moves.stream().allMatch(MovePlanner::hasEnded);
        long failed = count(moves, move -> move.state() == MoveState.FAILED);
        OperationProgress now = new OperationProgress(
                progress.id(),
                progress.action(),
                !ended ? State.RUNNING : failed == 0 ? State.SUCCEEDED : State.FAILED,
                ended && failed > 0 ? "%d of %d VMs did not move".formatted(failed, moves.size()) : "",
                moves);
        if (!now.equals(progress) || draft.progress(progress.id()).isEmpty()) {
            draft.put(now);
        }
    }

    private static long count(List<Move> moves, Predicate<Move> which) {
        return moves.stream().filter(which).count();
    }

    /** What became of a VM that moves: its placement says it. */
    private Move observe(OperationProgress progress, Move move) {
        Optional<Placement> found = draft.placement(move.vm());
        if (found.isEmpty() || found.get().phase() == Phase.DELETING) {
            return new Move(move.vm(), MoveState.FAILED, move.to(), "the VM is being deleted");
        }
        Placement placement = found.get();
        if (placement
                .movement()
                .filter(by -> by.operation().equals(progress.id()))
                .isPresent()) {
            return move;
        }
        return progress.action() instanceof Action.Evacuate
                ? observeEvacuated(placement, move)
                : observeMoved(placement, move);
    }

    private static Move observeMoved(Placement placement, Move move) {
        boolean arrived = placement.active().map(Placement.Leg::host).equals(move.to());
        return arrived
                ? new Move(move.vm(), MoveState.DONE, move.to(), "")
                : new Move(
                        move.vm(),
                        MoveState.FAILED,
                        move.to(),
                        placement.attempts().isEmpty()
                                ? placement.reason()
                                : placement.attempts().getLast().reason());
    }

    private static Move observeEvacuated(Placement placement, Move move) {
        Optional<String> host = placement.active().map(Placement.Leg::host);
        return switch (placement.phase()) {
            case RUNNING -> new Move(move.vm(), MoveState.DONE, host, "");
            case FAILED, REFUSED, INFEASIBLE -> new Move(move.vm(), MoveState.FAILED, host, placement.reason());
            case PENDING, PLACING, DELETING -> new Move(move.vm(), MoveState.MOVING, host, placement.reason());
        };
    }

    private Move tryToStart(OperationProgress progress, List<Move> moves, Move move) {
        if (progress.action() instanceof Action.Evacuate) {
            return evacuate(move);
        }
        MigrationMode mode = MigrationMode.LIVE;
        Optional<String> to = Optional.empty();
        if (progress.action() instanceof Action.Drain drain) {
            mode = drain.mode();
            int parallel = drain.parallel().orElse(PARALLEL);
            if (count(moves, other -> other.state() == MoveState.MOVING) >= parallel) {
                return new Move(move.vm(), MoveState.WAITING, Optional.empty(), "%d move at once".formatted(parallel));
            }
        } else if (progress.action() instanceof Action.Migrate migrate) {
            mode = migrate.mode();
            to = migrate.to();
        }
        return start(progress, move, to, mode);
    }

    private Move start(OperationProgress progress, Move move, Optional<String> to, MigrationMode mode) {
        Optional<Placement> found = draft.placement(move.vm());
        if (found.isEmpty() || found.get().phase() == Phase.DELETING) {
            return new Move(move.vm(), MoveState.FAILED, Optional.empty(), "the VM is being deleted");
        }
        if (found.get().phase() == Phase.PLACING) {
            return new Move(move.vm(), MoveState.WAITING, Optional.empty(), "it is still being placed");
        }
        Optional<String> unmovable = unmovable(found.get());
        if (unmovable.isPresent()) {
            return new Move(move.vm(), MoveState.FAILED, Optional.empty(), unmovable.get());
        }
        return switch (plan(found.get(), to, mode)) {
            case Planned.Refused(String why) -> new Move(move.vm(), MoveState.FAILED, to, why);
            case Planned.Possible(Placement.Leg target) -> start(progress, move, found.get(), target, mode);
        };
    }

    private Move start(
            OperationProgress progress, Move move, Placement placement, Placement.Leg target, MigrationMode mode) {
        Optional<String> full = limits.refusal(placement.active().orElseThrow().host(), target.host());
        if (full.isPresent()) {
            return new Move(move.vm(), MoveState.WAITING, Optional.empty(), full.get());
        }
        Stage first = mode == MigrationMode.LIVE ? Stage.PREPARING : Stage.STOPPING;
        Placement moving = placement
                .tried(List.of())
                .moving(target, new Movement(progress.id(), mode, first))
                .in(
                        mode == MigrationMode.LIVE ? Phase.RUNNING : Phase.PLACING,
                        "moving to %s".formatted(target.host()));
        draft.put(moving);
        capacity.pretend(moving);
        limits.started(placement.active().orElseThrow().host(), target.host());
        return new Move(move.vm(), MoveState.MOVING, Optional.of(target.host()), "");
    }

    /** The boot that had the VM is over, so it only has to be placed again. */
    private Move evacuate(Move move) {
        draft.placement(move.vm())
                .filter(placement -> placement.phase() == Phase.RUNNING || placement.phase() == Phase.PLACING)
                .ifPresent(placement -> draft.put(
                        placement.on(Optional.empty()).tried(List.of()).in(Phase.PENDING, "evacuated by an operator")));
        return new Move(move.vm(), MoveState.MOVING, Optional.empty(), "");
    }

    /** Ends an operation: what is moving goes back, unless it has arrived. */
    void cancel(OperationProgress progress) {
        List<Move> moves = progress.moves().stream()
                .map(move -> hasEnded(move) ? move : new Move(move.vm(), MoveState.FAILED, move.to(), "cancelled"))
                .toList();
        progress.moves().stream()
                .filter(move -> move.state() == MoveState.MOVING)
                .flatMap(move -> draft.placement(move.vm()).stream())
                .filter(placement -> placement
                        .movement()
                        .filter(by -> by.operation().equals(progress.id()) && by.stage() != Stage.ROLLING_BACK)
                        .isPresent())
                .forEach(placement ->
                        draft.put(MovementPlanner.rolledBack(placement, FailureKind.TRANSIENT, "operation cancelled")));
        draft.put(new OperationProgress(progress.id(), progress.action(), State.CANCELLED, "", moves));
    }
}
