package io.viommufleet.controller.cell;

import io.viommufleet.common.model.Attachment;
import io.viommufleet.common.model.Attachment.Desired;
import io.viommufleet.common.model.Attachment.Role;
import io.viommufleet.common.model.AttachmentId;
import io.viommufleet.common.model.HostState;
import io.viommufleet.common.model.Placement;
import io.viommufleet.common.model.VmSpec;
import io.viommufleet.common.model.VmSpec.OnHostLoss;
import io.viommufleet.controller.lifecycle.Wanted;
import java.time.Duration;
import java.util.HashSet;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;

/**
 * Derives the commands to the agents from a placement: what its legs want attached is, and whatever else was ever commanded for
 * the VM is detached. A command is for one incarnation; admitting another re-issues it.
 */
final class AttachmentPlanner {
    private final Draft draft;
    private final long leaseMillis;

    AttachmentPlanner(Draft draft, Duration lease) {
        this.draft = draft;
        this.leaseMillis = lease.toMillis();
    }

    void plan(Placement placement) {
        Set<AttachmentId> attached = new HashSet<>();
        placement
                .active()
                .ifPresent(leg -> Wanted.ofActive(placement).ifPresent(role -> attach(placement, leg, role, attached)));
        placement
                .target()
                .ifPresent(leg -> Wanted.ofTarget(placement).ifPresent(role -> attach(placement, leg, role, attached)));
        for (Owned<Attachment> known : draft.attachmentsOf(placement.key())) {
            if (!attached.contains(known.value().id())) {
                detach(known);
            }
        }
    }

    private void attach(Placement placement, Placement.Leg leg, Role role, Set<AttachmentId> attached) {
        Optional<HostState.Admitted> admitted = admitted(leg.host());
        for (String device : placement.deviceOrder()) {
            AttachmentId id = new AttachmentId(leg.host(), placement.key(), device);
            attached.add(id);
            admitted.map(life -> attachment(placement, leg, id, role, life))
                    .filter(wanted -> draft.attachment(id)
                            .filter(known -> sameCommand(wanted, known.value()))
                            .isEmpty())
                    .ifPresent(draft::put);
        }
    }

    private void detach(Owned<Attachment> known) {
        if (Releases.isOver(known, draft)) {
            return;
        }
        admitted(known.value().id().host())
                .map(life -> known.value().detached(life.boot(), life.incarnation()))
                .filter(wanted -> !sameCommand(wanted, known.value()))
                .ifPresent(draft::put);
    }

    private Optional<HostState.Admitted> admitted(String host) {
        return draft.hostState(host).flatMap(HostState::admitted);
    }

    /** Values that an attach resolved are its result: knowing them is no reason to command it again. */
    private static boolean sameCommand(Attachment a, Attachment b) {
        return a.desired() == b.desired()
                && a.role() == b.role()
                && a.boot().equals(b.boot())
                && a.incarnation().equals(b.incarnation())
                && a.bdf().equals(b.bdf())
                && a.certificate().equals(b.certificate())
                && a.leaseMillis().equals(b.leaseMillis());
    }

    private Attachment attachment(
            Placement placement, Placement.Leg leg, AttachmentId id, Role role, HostState.Admitted life) {
        Placement.Admission decision = placement.decision().orElseThrow();
        return new Attachment(
                id,
                Desired.ATTACHED,
                life.boot(),
                life.incarnation(),
                Objects.requireNonNull(leg.devices().get(id.device()), "every device of a leg has its host device"),
                placement.spec().memoryBytes(),
                placement.spec().strict(),
                decision.configuration(),
                decision.certificate(),
                placement.resolvedValues(),
                placement.spec().guest(),
                role,
                leaseOf(placement.spec()));
    }

    /** Only a VM that is to be moved has a lease: any other may stay where it is, however long its host is cut off. */
    private Optional<Long> leaseOf(VmSpec spec) {
        return spec.onHostLoss() == OnHostLoss.EVACUATE ? Optional.of(leaseMillis) : Optional.empty();
    }
}
