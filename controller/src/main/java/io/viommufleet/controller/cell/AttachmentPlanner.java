package io.viommufleet.controller.cell;

import io.viommufleet.common.model.Attachment;
import io.viommufleet.common.model.AttachmentId;
import io.viommufleet.common.model.HostState;
import io.viommufleet.common.model.Phase;
import io.viommufleet.common.model.Placement;
import io.viommufleet.common.model.VmSpec;
import java.time.Duration;
import java.util.Objects;
import java.util.Optional;

/**
 * Derives the commands to the agents from the placements: a VM that is placing or running wants its devices attached, one
 * that failed or is being deleted wants them detached. A command is for one incarnation; admitting another re-issues it.
 */
final class AttachmentPlanner {
    private final Draft draft;
    private final FleetCapacity capacity;
    private final long leaseMillis;

    AttachmentPlanner(Draft draft, FleetCapacity capacity, Duration lease) {
        this.draft = draft;
        this.capacity = capacity;
        this.leaseMillis = lease.toMillis();
    }

    void plan() {
        for (Placement placement : draft.allPlacements()) {
            placement.active().ifPresent(leg -> plan(placement, leg));
        }
    }

    private void plan(Placement placement, Placement.Leg leg) {
        Optional<HostState.Admitted> admitted = draft.hostState(leg.host()).flatMap(HostState::admitted);
        if (admitted.isEmpty() || placement.decision().isEmpty()) {
            return;
        }
        Attachment.Desired desired = placement.phase() == Phase.PLACING || placement.phase() == Phase.RUNNING
                ? Attachment.Desired.ATTACHED
                : Attachment.Desired.DETACHED;
        for (String device : Placements.deviceOrder(placement)) {
            Attachment wanted = command(placement, leg, device, admitted.get(), desired);
            Optional<Owned<Attachment>> known = draft.attachment(wanted.id());
            if (isMissing(wanted, known)) {
                draft.put(wanted);
            }
        }
    }

    private boolean isMissing(Attachment wanted, Optional<Owned<Attachment>> known) {
        if (known.isEmpty()) {
            return wanted.desired() == Attachment.Desired.ATTACHED;
        }
        Attachment current = known.get().value();
        boolean alreadyFree = wanted.desired() == Attachment.Desired.DETACHED
                && current.desired() == Attachment.Desired.DETACHED
                && capacity.isFree(known.get());
        return !alreadyFree && !sameCommand(wanted, current);
    }

    /** Values that an attach resolved are its result: knowing them is no reason to command it again. */
    private static boolean sameCommand(Attachment a, Attachment b) {
        return a.desired() == b.desired()
                && a.boot().equals(b.boot())
                && a.incarnation().equals(b.incarnation())
                && a.bdf().equals(b.bdf())
                && a.certificate().equals(b.certificate())
                && a.leaseMillis().equals(b.leaseMillis());
    }

    private Attachment command(
            Placement placement,
            Placement.Leg leg,
            String device,
            HostState.Admitted admitted,
            Attachment.Desired desired) {
        Placement.Admission decision = placement.decision().orElseThrow();
        return new Attachment(
                new AttachmentId(leg.host(), placement.key(), device),
                desired,
                admitted.boot(),
                admitted.incarnation(),
                Objects.requireNonNull(leg.devices().get(device), "every device of a leg has its host device"),
                placement.spec().memoryBytes(),
                placement.spec().strict(),
                decision.configuration(),
                decision.certificate(),
                placement.resolvedValues(),
                placement.spec().guest(),
                Attachment.Role.ACTIVE,
                leaseOf(placement.spec()));
    }

    /** Only a VM that is to be moved has a lease: any other may stay where it is, however long its host is cut off. */
    private Optional<Long> leaseOf(VmSpec spec) {
        return spec.onHostLoss() == VmSpec.OnHostLoss.EVACUATE ? Optional.of(leaseMillis) : Optional.empty();
    }
}
