package io.viommufleet.controller.cell;

import io.viommufleet.common.model.AttachFailure;
import io.viommufleet.common.model.HostState;
import io.viommufleet.common.model.MigrationReport;
import io.viommufleet.common.model.Phase;
import io.viommufleet.common.model.Placement;
import io.viommufleet.common.model.Placement.Attempt;
import io.viommufleet.common.model.Placement.FailureKind;
import io.viommufleet.common.model.Placement.Stage;
import io.viommufleet.controller.lifecycle.Failures;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Moves a VM from its active leg to its target, stage by stage. The cut-over is one record, the one in which the target becomes
 * the active leg; until then everything can go back.
 *
 * <pre>
 *   live  PREPARING ── target attached ──► SWITCHING ── source handed over ──► cut-over
 *   cold  STOPPING ── source detached ──► STARTING ── target attached ──► cut-over
 *   any   ── target failed or lost, source refused, cancelled ──► ROLLING_BACK ── target free ──► as before
 * </pre>
 */
final class MovementPlanner {
    private final Draft draft;
    private final Standings standings;

    MovementPlanner(Draft draft, Standings standings) {
        this.draft = draft;
        this.standings = standings;
    }

    void plan(Placement placement) {
        Placement.Leg source = placement.active().orElseThrow();
        Placement.Leg target = placement.target().orElseThrow();
        Map<String, Standing> from = standings.of(placement, source);
        Map<String, Standing> to = standings.of(placement, target);
        Stage stage = placement.movement().orElseThrow().stage();
        Optional<String> lost = draft.hostState(target.host()).flatMap(HostState::lost);
        if (lost.isPresent() && stage != Stage.ROLLING_BACK) {
            rollBack(placement, FailureKind.DEVICE, "the host is lost: " + lost.get());
            return;
        }
        switch (stage) {
            case PREPARING ->
                whenAttached(
                        placement,
                        to,
                        () -> draft.put(placement
                                .resolving(Standings.resolved(placement, to))
                                .at(Stage.SWITCHING)));
            case SWITCHING -> whenHandedOver(placement, from, to);
            case STOPPING -> {
                if (isOver(source.host(), placement)) {
                    draft.put(placement.at(Stage.STARTING));
                }
            }
            case STARTING -> whenAttached(placement, to, () -> cutOver(placement, to));
            case ROLLING_BACK -> {
                if (isOver(target.host(), placement)) {
                    draft.put(placement.on(placement.active()));
                }
            }
        }
    }

    private void whenAttached(Placement placement, Map<String, Standing> devices, Runnable then) {
        Optional<Map.Entry<String, AttachFailure>> failed = Standings.firstFailure(devices);
        if (failed.isPresent()) {
            AttachFailure failure = failed.get().getValue();
            rollBack(
                    placement,
                    Failures.kind(failure),
                    "%s: %s".formatted(failed.get().getKey(), failure.words()));
        } else if (devices.values().stream().allMatch(Standing.Attached.class::isInstance)) {
            then.run();
        }
    }

    private void whenHandedOver(Placement placement, Map<String, Standing> from, Map<String, Standing> to) {
        whenAttached(placement, to, () -> {
            List<Optional<MigrationReport>> reports = from.values().stream()
                    .map(standing -> standing instanceof Standing.Attached attached
                            ? attached.handover()
                            : Optional.<MigrationReport>empty())
                    .toList();
            Optional<AttachFailure> refused = reports.stream()
                    .flatMap(Optional::stream)
                    .flatMap(report -> report.failure().stream())
                    .findFirst();
            if (refused.isPresent()) {
                rollBack(
                        placement,
                        Failures.kind(refused.get()),
                        "the source cannot hand over: " + refused.get().words());
            } else if (reports.stream().allMatch(Optional::isPresent)) {
                cutOver(placement, to);
            }
        });
    }

    private void cutOver(Placement placement, Map<String, Standing> to) {
        draft.put(placement
                .on(placement.target())
                .resolving(Standings.resolved(placement, to))
                .tried(List.of())
                .in(Phase.RUNNING, ""));
    }

    private void rollBack(Placement placement, FailureKind kind, String why) {
        draft.put(rolledBack(placement, kind, why));
    }

    /** The placement on its way back to its source, with the reason as its last attempt. */
    static Placement rolledBack(Placement placement, FailureKind kind, String why) {
        List<Attempt> attempts = new ArrayList<>(placement.attempts());
        attempts.add(new Attempt(placement.target().orElseThrow().host(), kind, why));
        return placement.tried(attempts).at(Stage.ROLLING_BACK);
    }

    /** Whether the VM holds nothing more on a host, but for what is in quarantine. */
    private boolean isOver(String host, Placement placement) {
        return draft.attachmentsOf(placement.key()).stream()
                .filter(command -> command.value().id().host().equals(host))
                .allMatch(command -> Releases.isOver(command, draft));
    }
}
