package io.viommufleet.controller.cell;

import io.viommufleet.common.model.AttachFailure;
import io.viommufleet.common.model.Attachment;
import io.viommufleet.common.model.AttachmentId;
import io.viommufleet.common.model.Phase;
import io.viommufleet.common.model.Placement;
import io.viommufleet.common.model.VirtualMachine;
import io.viommufleet.common.wire.RecordCodec;
import io.viommufleet.controller.placement.Candidate;
import io.viommufleet.controller.placement.PlacementResult;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;

/** Answers requests and moves VMs from phase to phase. */
final class VmPlanner {
    private final Draft draft;
    private final FleetCapacity capacity;
    private final int maxMoves;
    private int moves;

    /**
     * @param maxMoves how many VMs one step may change, so that its transaction stays short
     */
    VmPlanner(Draft draft, FleetCapacity capacity, int maxMoves) {
        this.draft = draft;
        this.capacity = capacity;
        this.maxMoves = maxMoves;
    }

    void plan() {
        TreeSet<String> names = new TreeSet<>(draft.state().requests().keySet());
        names.addAll(draft.state().placements().keySet());
        for (String name : names) {
            if (moves >= maxMoves) {
                return;
            }
            Optional.ofNullable(draft.state().requests().get(name)).ifPresent(this::answer);
            draft.placement(name).ifPresent(this::advance);
        }
    }

    private void put(Placement placement) {
        moves++;
        draft.put(placement);
    }

    private void answer(VirtualMachine request) {
        String digest = RecordCodec.digest(request);
        Optional<Placement> known = draft.placement(request.key());
        if (known.isEmpty()) {
            if (!request.spec().deleted()) {
                admit(request, digest);
            }
            return;
        }
        Placement placement = known.get();
        if (placement.observedRequest().equals(digest)) {
            return;
        }
        if (request.spec().deleted()) {
            put(Placements.deleting(placement, digest));
        } else if (placement.phase() == Phase.PLACING || placement.phase() == Phase.RUNNING) {
            put(Placements.refusingChange(
                    placement,
                    digest,
                    "the VM is %s on %s; delete it first, or ask again when it has ended"
                            .formatted(
                                    placement.phase() == Phase.RUNNING ? "running" : "being placed",
                                    placement.active().map(Placement.Leg::host).orElse("no host"))));
        } else if (isFree(placement)) {
            admit(request, digest);
        }
    }

    private void admit(VirtualMachine request, String digest) {
        Admitter.Admitted admitted = Admitter.admit(request, digest);
        draft.put(admitted.decision());
        put(admitted.placement());
    }

    private void advance(Placement placement) {
        switch (placement.phase()) {
            case PENDING -> place(placement);
            case PLACING, RUNNING -> follow(placement);
            case DELETING -> finishDeletion(placement);
            case REFUSED, INFEASIBLE, FAILED -> {}
        }
    }

    private void place(Placement placement) {
        Candidate candidate = FleetCapacity.candidate(placement);
        PlacementResult result = capacity.place(candidate);
        if (result.leg().isPresent()) {
            Placement.Leg leg = result.leg().get();
            capacity.claim(candidate, leg);
            put(Placements.placing(placement, leg));
        } else {
            String reason = capacity.explainPending(candidate, result);
            if (!placement.reason().equals(reason)) {
                put(Placements.pending(placement, reason));
            }
        }
    }

    /** Reads the outcomes of a placed VM. One failed device fails the VM; it never runs with fewer, or with another HWPT. */
    private void follow(Placement placement) {
        Placement.Leg leg = placement.active().orElseThrow();
        Map<String, Standing> standings = standings(placement, leg);
        Optional<Map.Entry<String, Standing>> failed = standings.entrySet().stream()
                .filter(entry -> entry.getValue() instanceof Standing.Failed)
                .findFirst();
        if (failed.isPresent() && failed.get().getValue() instanceof Standing.Failed(AttachFailure failure)) {
            put(Placements.failed(
                    placement, "%s on %s: %s".formatted(failed.get().getKey(), leg.host(), failure.words())));
            return;
        }
        boolean attached = standings.values().stream().allMatch(Standing.Attached.class::isInstance);
        if (attached && placement.phase() == Phase.PLACING) {
            put(Placements.running(placement, resolvedBy(standings, placement)));
        } else if (!attached && placement.phase() == Phase.RUNNING) {
            put(Placements.placing(placement, leg));
        }
    }

    private Map<String, Standing> standings(Placement placement, Placement.Leg leg) {
        Map<String, Standing> standings = new LinkedHashMap<>();
        for (String device : Placements.deviceOrder(placement)) {
            AttachmentId id = new AttachmentId(leg.host(), placement.key(), device);
            standings.put(
                    device,
                    draft.attachment(id)
                            .map(command -> Standing.of(
                                    command,
                                    Optional.ofNullable(draft.state().outcomes().get(id))))
                            .orElseGet(Standing.Waiting::new));
        }
        return standings;
    }

    private static Map<String, String> resolvedBy(Map<String, Standing> standings, Placement placement) {
        Map<String, String> resolved = new HashMap<>(placement.resolvedValues());
        standings.values().forEach(standing -> {
            if (standing instanceof Standing.Attached(Map<String, String> values)) {
                values.forEach(resolved::putIfAbsent);
            }
        });
        return resolved;
    }

    private void finishDeletion(Placement placement) {
        if (placement.active().isPresent() && isFree(placement)) {
            put(Placements.deleted(placement));
        }
    }

    private boolean isFree(Placement placement) {
        return attachmentsOf(placement).stream().allMatch(capacity::isFree);
    }

    private List<Owned<Attachment>> attachmentsOf(Placement placement) {
        return draft.allAttachments()
                .filter(command -> command.value().id().vm().equals(placement.key()))
                .toList();
    }
}
