package io.viommufleet.common.feasibility;

import io.viommufleet.common.feasibility.MigrationObstacle.Kind;
import io.viommufleet.common.viommu.Decision;
import io.viommufleet.common.viommu.DeviceDecision;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/**
 * Whether a VM with passthrough devices can migrate, as QEMU would find out: what blocks it on the source, what must be equal on both sides, and what the
 * target's own attach would refuse. The decision itself is never made anew by a host: both sides have the same.
 */
public final class MigrationCheck {
    private MigrationCheck() {}

    /** Everything in the way, in the order in which it would show. */
    public static List<MigrationObstacle> of(MigrationRequest request) {
        List<MigrationObstacle> obstacles = new ArrayList<>(new MigrationBlockers(request).find());
        obstacles.addAll(MigrationDifferences.between(
                request.source().decision().canonical(),
                request.target().decision().canonical()));
        obstacles.addAll(onTarget(request));
        return obstacles;
    }

    /** Each device is attached on the target, with all checks of its vIOMMU, before the guest's state arrives. */
    private static List<MigrationObstacle> onTarget(MigrationRequest request) {
        List<MigrationObstacle> obstacles = new ArrayList<>();
        MigrationSide target = request.target();
        Decision.Decided decision = target.decision();
        for (DeviceDecision device : decision.devices()) {
            FeasibilityRequest question = new FeasibilityRequest(
                    decision, device.id(), request.memoryBytes(), request.strict(), request.resolvedValues());
            Feasibility answer = Feasibility.of(
                    question,
                    target.host(),
                    Objects.requireNonNull(target.devices().get(device.id()), "every device has its host device"));
            if (answer instanceof Feasibility.Infeasible infeasible) {
                obstacles.add(new MigrationObstacle(
                        Kind.TARGET, device.id(), infeasible.failure().words()));
            }
        }
        return obstacles;
    }
}
