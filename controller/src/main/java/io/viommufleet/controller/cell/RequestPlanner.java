package io.viommufleet.controller.cell;

import io.viommufleet.common.model.Phase;
import io.viommufleet.common.model.Placement;
import io.viommufleet.common.model.VirtualMachine;
import io.viommufleet.controller.lifecycle.Changes;
import java.util.Optional;

/** Answers what users ask for: admits a VM, changes one, or says why not. A request never changes the truth by itself. */
final class RequestPlanner {
    private final Draft draft;

    RequestPlanner(Draft draft) {
        this.draft = draft;
    }

    void plan(Asked asked) {
        VirtualMachine request = asked.vm();
        String digest = asked.digest();
        Optional<Placement> known = draft.placement(request.key());
        if (known.isEmpty()) {
            if (!request.spec().deleted()) {
                admit(request, digest);
            }
        } else if (!known.get().observedRequest().equals(digest)) {
            answer(known.get(), request, digest);
        }
    }

    private void answer(Placement placement, VirtualMachine request, String digest) {
        if (request.spec().deleted()) {
            draft.put(deleting(placement).answering(digest, Optional.empty()));
        } else if (placement.phase() == Phase.PLACING || placement.phase() == Phase.RUNNING) {
            draft.put(changed(placement, request, digest));
        } else if (Capacity.isReleased(placement, draft)) {
            admit(request, digest);
        }
    }

    private static Placement deleting(Placement placement) {
        boolean held = placement.active().isPresent() || placement.target().isPresent();
        return placement.in(Phase.DELETING, held ? "detaching" : "deleted");
    }

    private static Placement changed(Placement placement, VirtualMachine request, String digest) {
        Optional<String> refusal = Changes.refusal(placement.spec(), request.spec())
                .map(why -> "%s (the VM is %s on %s)"
                        .formatted(
                                why,
                                placement.phase() == Phase.RUNNING ? "running" : "being placed",
                                placement.active().map(Placement.Leg::host).orElse("no host")));
        return refusal.isPresent()
                ? placement.answering(digest, refusal)
                : placement.surroundedBy(request.metadata(), request.spec()).answering(digest, Optional.empty());
    }

    private void admit(VirtualMachine request, String digest) {
        Admitter.Admitted admitted = Admitter.admit(request, digest);
        draft.put(admitted.decision());
        draft.put(admitted.placement());
    }
}
