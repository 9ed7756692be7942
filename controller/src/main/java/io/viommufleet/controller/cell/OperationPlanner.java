package io.viommufleet.controller.cell;

import io.viommufleet.common.model.Action;
import io.viommufleet.common.model.Attachment;
import io.viommufleet.common.model.Breaker;
import io.viommufleet.common.model.FeatureLevel;
import io.viommufleet.common.model.HostState;
import io.viommufleet.common.model.Leader;
import io.viommufleet.common.model.Operation;
import io.viommufleet.common.model.OperationProgress;
import io.viommufleet.common.model.OperationProgress.Move;
import io.viommufleet.common.model.OperationProgress.State;
import io.viommufleet.common.viommu.Names;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * Answers what operators ask for. What is done at once is done in the same step as it is answered; what moves VMs goes on, step
 * by step, in {@link MovePlanner}, and its progress is on the log.
 */
final class OperationPlanner {
    private final Draft draft;
    private final MovePlanner moves;
    private final Contacts contacts;
    private final Liveness liveness;
    private final Duration lossTimeout;

    OperationPlanner(Draft draft, MovePlanner moves, Contacts contacts, Liveness liveness, Duration lossTimeout) {
        this.draft = draft;
        this.moves = moves;
        this.contacts = contacts;
        this.liveness = liveness;
        this.lossTimeout = lossTimeout;
    }

    void plan(String id) {
        Optional<OperationProgress> known = draft.progress(id);
        Operation asked = draft.state().operations().get(id);
        if (known.isPresent()) {
            if (!known.get().ended()) {
                moves.follow(known.get());
            }
        } else if (asked != null && mayAnswer(asked.action())) {
            answer(asked);
        }
    }

    /** Operations are what the second feature level brought; before it, only the way there is open. */
    private boolean mayAnswer(Action action) {
        int level = draft.state().leader().map(Leader::featureLevel).orElse(FeatureLevel.LATEST);
        return level >= FeatureLevel.OPERATIONS || action instanceof Action.FinalizeFeatureLevel;
    }

    private void answer(Operation asked) {
        switch (asked.action()) {
            case Action.Cordon(String host) -> whenKnown(asked, host, known -> cordon(asked, known, true));
            case Action.Uncordon(String host) -> whenKnown(asked, host, known -> cordon(asked, known, false));
            case Action.Fence(String host, boolean confirmed) ->
                whenKnown(asked, host, known -> fence(asked, known, confirmed));
            case Action.Release(String host, Optional<Integer> group) ->
                whenKnown(asked, host, known -> release(asked, known, group));
            case Action.Drain drain ->
                whenKnown(asked, drain.host(), known -> {
                    draft.put(known.cordoned(true));
                    begin(asked, moves.onHost(drain.host(), asked.id()));
                });
            case Action.Evacuate(String host) ->
                whenKnown(asked, host, known -> {
                    if (known.lost().isEmpty()) {
                        refuse(asked, "host %s is not lost; drain it, or fence it first".formatted(host));
                    } else {
                        begin(asked, moves.onHost(host, asked.id()));
                    }
                });
            case Action.Migrate migrate ->
                moves.refusal(migrate, asked.id())
                        .ifPresentOrElse(
                                why -> refuse(asked, why),
                                () -> begin(asked, List.of(MovePlanner.waiting(migrate.vm()))));
            case Action.Cancel(String operation) -> cancel(asked, operation);
            case Action.ResetBreaker() -> resetBreaker(asked);
            case Action.FinalizeFeatureLevel(int level) -> finalizeLevel(asked, level);
        }
    }

    private interface OnHost {
        void run(HostState known);
    }

    private void whenKnown(Operation asked, String host, OnHost then) {
        if (draft.state().inventories().containsKey(host)) {
            then.run(draft.hostState(host).orElseGet(() -> HostState.unknown(host)));
        } else {
            refuse(asked, "there is no host %s in this cell%s".formatted(host, nearest(host)));
        }
    }

    private String nearest(String host) {
        return Names.nearest(host, draft.state().inventories().keySet())
                .map("; did you mean %s?"::formatted)
                .orElse("");
    }

    private void begin(Operation asked, List<Move> toMove) {
        moves.follow(new OperationProgress(asked.id(), asked.action(), State.RUNNING, "", toMove));
    }

    private void cordon(Operation asked, HostState known, boolean cordoned) {
        if (known.cordoned() != cordoned) {
            draft.put(known.cordoned(cordoned));
        }
        succeed(asked);
    }

    /** Without a person's word, only a host whose agent has been silent for as long as a lease can last is fenced. */
    private void fence(Operation asked, HostState known, boolean confirmed) {
        if (known.admitted().isEmpty()) {
            refuse(asked, known.lost().map("host is lost already: "::concat).orElse("no life of the host is admitted"));
            return;
        }
        long silent = contacts.silentNanos(known.admitted().get().incarnation());
        if (!confirmed && silent < lossTimeout.toNanos()) {
            refuse(
                    asked,
                    "its agent was heard of %d s ago; before %d s of silence, confirm that the host is off"
                            .formatted(Duration.ofNanos(silent).toSeconds(), lossTimeout.toSeconds()));
            return;
        }
        draft.put(
                HostPlanner.fence(known, confirmed ? "an operator confirmed that it is off" : "an operator fenced it"));
        succeed(asked);
    }

    private void release(Operation asked, HostState known, Optional<Integer> group) {
        TreeSet<Integer> released = new TreeSet<>(known.quarantinedGroups());
        group.ifPresent(one -> released.retainAll(List.of(one)));
        boolean whole = group.isEmpty() && known.quarantine().isPresent();
        if (released.isEmpty() && !whole) {
            refuse(
                    asked,
                    "nothing to release: quarantined groups of %s are %s"
                            .formatted(known.host(), known.quarantinedGroups()));
            return;
        }
        List<Integer> left = known.quarantinedGroups().stream()
                .filter(one -> !released.contains(one))
                .toList();
        Map<Integer, Integer> failures = new HashMap<>(known.groupFailures());
        released.forEach(failures::remove);
        if (whole) {
            failures.clear();
        }
        draft.put(known.quarantined(whole ? Optional.empty() : known.quarantine(), left, failures));
        draft.state().vmsOn(known.host()).stream()
                .flatMap(vm -> draft.attachmentsOf(vm).stream())
                .filter(command -> isToBeTriedAgain(command, known.host(), released))
                .forEach(command -> known.admitted()
                        .ifPresent(life -> draft.put(command.value().detached(life.boot(), life.incarnation()))));
        succeed(asked);
    }

    /** A detach that ended in quarantine is commanded again, so that the group is free once it has gone well. */
    private boolean isToBeTriedAgain(Owned<Attachment> command, String host, Set<Integer> groups) {
        return command.value().id().host().equals(host)
                && Releases.isQuarantined(command, draft)
                && draft.group(host, command.value().bdf())
                        .filter(groups::contains)
                        .isPresent();
    }

    private void cancel(Operation asked, String operation) {
        Optional<OperationProgress> other = draft.progress(operation);
        if (other.isEmpty()) {
            refuse(asked, "there is no operation %s in this cell".formatted(operation));
        } else if (other.get().ended()) {
            refuse(
                    asked,
                    "operation %s has ended: %s"
                            .formatted(operation, other.get().state()));
        } else {
            moves.cancel(other.get());
            succeed(asked);
        }
    }

    private void resetBreaker(Operation asked) {
        if (draft.breaker().flatMap(Breaker::open).isEmpty()) {
            refuse(asked, "the breaker is not open");
        } else {
            draft.put(new Breaker(Optional.empty(), liveness.silent()));
            succeed(asked);
        }
    }

    private void finalizeLevel(Operation asked, int level) {
        Optional<Leader> leader = draft.state().leader();
        if (level < FeatureLevel.FIRST || level > FeatureLevel.LATEST) {
            refuse(
                    asked,
                    "feature level %d is unknown; this controller knows 1 to %d".formatted(level, FeatureLevel.LATEST));
        } else if (leader.filter(known -> known.featureLevel() > level).isPresent()) {
            refuse(
                    asked,
                    "the cell is at feature level %d; there is no way back"
                            .formatted(leader.get().featureLevel()));
        } else {
            leader.filter(known -> known.featureLevel() < level)
                    .ifPresent(known -> draft.put(new Leader(
                            known.cell(),
                            known.epoch(),
                            known.instance(),
                            level,
                            known.attachmentPartitionsPerCell())));
            succeed(asked);
        }
    }

    private void succeed(Operation asked) {
        draft.put(new OperationProgress(asked.id(), asked.action(), State.SUCCEEDED, "", List.of()));
    }

    private void refuse(Operation asked, String why) {
        draft.put(new OperationProgress(asked.id(), asked.action(), State.REFUSED, why, List.of()));
    }
}
