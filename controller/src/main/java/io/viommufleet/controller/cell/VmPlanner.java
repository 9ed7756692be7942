package io.viommufleet.controller.cell;

import io.viommufleet.common.model.AttachFailure;
import io.viommufleet.common.model.HostState;
import io.viommufleet.common.model.Phase;
import io.viommufleet.common.model.Placement;
import io.viommufleet.common.model.Placement.Attempt;
import io.viommufleet.common.model.Placement.FailureKind;
import io.viommufleet.common.model.VmSpec.OnHostLoss;
import io.viommufleet.controller.lifecycle.Failures;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Moves a VM from phase to phase, by what its hosts have answered. */
final class VmPlanner {
    private final Draft draft;
    private final Capacity capacity;
    private final Standings standings;
    private final Retries retries;
    private final long nowNanos;

    VmPlanner(Draft draft, Capacity capacity, Retries retries, long nowNanos) {
        this.draft = draft;
        this.capacity = capacity;
        this.standings = new Standings(draft);
        this.retries = retries;
        this.nowNanos = nowNanos;
    }

    void plan(Placement placement) {
        switch (placement.phase()) {
            case PENDING -> wait(placement);
            case PLACING, RUNNING -> follow(placement);
            case DELETING -> finishDeletion(placement);
            case REFUSED, INFEASIBLE, FAILED -> {}
        }
    }

    /** Whatever the VM had before is given back whole before another leg is looked for. */
    private void wait(Placement placement) {
        if (!Capacity.isReleased(placement, draft)) {
            return;
        }
        if (placement.active().isPresent() || placement.target().isPresent()) {
            draft.put(placement.on(Optional.empty()));
        } else if (retries.due(placement, nowNanos)) {
            place(placement);
        }
    }

    private void place(Placement placement) {
        List<Attempt> attempts = placement.attempts();
        Optional<Placement.Leg> leg = capacity.place(placement, Failures.failedOn(attempts, false));
        if (leg.isEmpty() && !attempts.isEmpty()) {
            leg = capacity.place(placement, Failures.failedOn(attempts, true));
        }
        if (leg.isPresent()) {
            put(placement.on(leg).in(Phase.PLACING, "attaching on " + leg.get().host()));
        } else if (failedEverywhere(placement)) {
            Attempt last = placement.attempts().getLast();
            draft.put(placement.in(Phase.FAILED, "on %s: %s".formatted(last.host(), last.reason())));
        } else {
            String reason = capacity.whyPending(placement);
            if (!placement.reason().equals(reason)) {
                draft.put(placement.in(Phase.PENDING, reason));
            }
        }
    }

    /** Only hosts that would say the same again are left. */
    private boolean failedEverywhere(Placement placement) {
        return !placement.attempts().isEmpty()
                && capacity.place(placement, Set.of()).isPresent();
    }

    private void put(Placement placement) {
        draft.put(placement);
        capacity.pretend(placement);
    }

    /** Reads the outcomes of a placed VM. One failed device fails the VM; it never runs with fewer, or with another HWPT. */
    private void follow(Placement placement) {
        Placement.Leg leg = placement.active().orElseThrow();
        Optional<String> lost = draft.hostState(leg.host()).flatMap(HostState::lost);
        if (lost.isPresent()) {
            hostLost(placement, leg, lost.get());
        } else if (placement.movement().isPresent()) {
            new MovementPlanner(draft, standings).plan(placement);
        } else {
            followActive(placement, leg);
        }
    }

    /** The boot is over, and what it held is free. Whoever is to be evacuated looks for another host; the others wait. */
    private void hostLost(Placement placement, Placement.Leg leg, String why) {
        String reason = "host %s is lost: %s".formatted(leg.host(), why);
        String waits = reason + "; the VM waits for it";
        if (placement.spec().onHostLoss() == OnHostLoss.EVACUATE) {
            draft.put(placement.on(Optional.empty()).tried(List.of()).in(Phase.PENDING, "evacuated, for " + reason));
        } else if (placement.movement().isPresent() || !placement.reason().equals(waits)) {
            draft.put(placement.on(placement.active()).in(Phase.PLACING, waits));
        }
    }

    private void followActive(Placement placement, Placement.Leg leg) {
        Map<String, Standing> devices = standings.of(placement, leg);
        Optional<Map.Entry<String, AttachFailure>> failed = Standings.firstFailure(devices);
        boolean attached = devices.values().stream().allMatch(Standing.Attached.class::isInstance);
        if (failed.isPresent()) {
            fail(placement, leg, failed.get().getKey(), failed.get().getValue());
        } else if (attached && placement.phase() == Phase.PLACING) {
            draft.put(placement
                    .resolving(Standings.resolved(placement, devices))
                    .tried(List.of())
                    .in(Phase.RUNNING, ""));
            new GroupHealth(draft).attached(leg);
        } else if (!attached && placement.phase() == Phase.RUNNING) {
            draft.put(placement.in(Phase.PLACING, "attaching on " + leg.host()));
        }
    }

    /** While it is placed, a failure is an attempt; a guest that ran has been cut off from its device, and is Failed. */
    private void fail(Placement placement, Placement.Leg leg, String device, AttachFailure failure) {
        String reason = "%s on %s: %s".formatted(device, leg.host(), failure.words());
        FailureKind kind = Failures.kind(failure);
        List<Attempt> attempts = new ArrayList<>(placement.attempts());
        attempts.add(new Attempt(leg.host(), kind, "%s: %s".formatted(device, failure.words())));
        Placement tried = placement.tried(attempts);
        boolean again = placement.phase() == Phase.PLACING && Failures.worthAnother(placement, attempts);
        draft.put(
                again
                        ? tried.in(
                                Phase.PENDING,
                                "attempt %d of %d failed, %s".formatted(attempts.size(), Failures.MAX_ATTEMPTS, reason))
                        : tried.in(Phase.FAILED, reason));
        if (kind == FailureKind.DEVICE) {
            new GroupHealth(draft).failed(leg, device);
        }
    }

    private void finishDeletion(Placement placement) {
        boolean held = placement.active().isPresent() || placement.target().isPresent();
        if (held && Capacity.isReleased(placement, draft)) {
            draft.put(placement.on(Optional.empty()).in(Phase.DELETING, "deleted"));
        }
    }
}
