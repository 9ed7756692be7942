package io.viommufleet.controller.cell;

import io.viommufleet.common.model.Phase;
import io.viommufleet.common.model.Placement;
import io.viommufleet.common.viommu.DeviceDecision;
import io.viommufleet.common.viommu.GuestDevice;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The moves of a placement from phase to phase; what they do not name stays as it was. */
final class Placements {
    private Placements() {}

    static Placement pending(Placement from, String reason) {
        return moved(from, Phase.PENDING, reason, from.resolvedValues(), Optional.empty());
    }

    static Placement placing(Placement from, Placement.Leg leg) {
        return moved(from, Phase.PLACING, "attaching on " + leg.host(), from.resolvedValues(), Optional.of(leg));
    }

    static Placement running(Placement from, Map<String, String> resolvedValues) {
        return moved(from, Phase.RUNNING, "", resolvedValues, from.active());
    }

    static Placement failed(Placement from, String reason) {
        return moved(from, Phase.FAILED, reason, from.resolvedValues(), from.active());
    }

    static Placement deleted(Placement from) {
        return moved(from, Phase.DELETING, "deleted", from.resolvedValues(), Optional.empty());
    }

    static Placement deleting(Placement from, String request) {
        String reason = from.active().isPresent() ? "detaching" : "deleted";
        return observed(
                moved(from, Phase.DELETING, reason, from.resolvedValues(), from.active()), request, Optional.empty());
    }

    static Placement refusingChange(Placement from, String request, String why) {
        return observed(from, request, Optional.of(why));
    }

    /** The VM's devices in guest-topology order, in which they attach. */
    static List<String> deviceOrder(Placement placement) {
        return placement
                .decision()
                .map(decision -> decision.certificate().devices().stream()
                        .map(DeviceDecision::id)
                        .toList())
                .orElseGet(() -> placement.spec().configuration().devices().stream()
                        .map(GuestDevice::id)
                        .toList());
    }

    private static Placement moved(
            Placement from,
            Phase phase,
            String reason,
            Map<String, String> resolvedValues,
            Optional<Placement.Leg> active) {
        return new Placement(
                from.metadata(),
                from.spec(),
                from.observedRequest(),
                from.refusedChange(),
                from.decision(),
                phase,
                reason,
                from.errors(),
                resolvedValues,
                active,
                from.target(),
                from.movement(),
                from.attempts());
    }

    private static Placement observed(Placement from, String request, Optional<String> refusedChange) {
        return new Placement(
                from.metadata(),
                from.spec(),
                request,
                refusedChange,
                from.decision(),
                from.phase(),
                from.reason(),
                from.errors(),
                from.resolvedValues(),
                from.active(),
                from.target(),
                from.movement(),
                from.attempts());
    }
}
