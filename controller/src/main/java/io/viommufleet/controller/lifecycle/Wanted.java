package io.viommufleet.controller.lifecycle;

import io.viommufleet.common.model.Action.MigrationMode;
import io.viommufleet.common.model.Attachment.Role;
import io.viommufleet.common.model.Phase;
import io.viommufleet.common.model.Placement;
import io.viommufleet.common.model.Placement.Movement;
import io.viommufleet.common.model.Placement.Stage;
import java.util.Optional;

/**
 * What the hosts of a VM are to be, which follows from its phase and the stage of its movement:
 *
 * <pre>
 *                        active leg           target leg
 *   PLACING, RUNNING     attached, ACTIVE
 *    live PREPARING      attached, ACTIVE     attached, TARGET
 *    live SWITCHING      attached, SOURCE     attached, TARGET
 *    live ROLLING_BACK   attached, ACTIVE     detached
 *    cold STOPPING       detached             detached
 *    cold STARTING       detached             attached, ACTIVE
 *    cold ROLLING_BACK   detached             detached
 *   any other phase      detached             detached
 * </pre>
 *
 * <p>So a guest never runs on two hosts: it is ACTIVE or SOURCE on one at a time.
 */
public final class Wanted {
    private Wanted() {}

    /** The role of the active leg; empty where its devices are to be detached. */
    public static Optional<Role> ofActive(Placement placement) {
        if (placement.phase() != Phase.PLACING && placement.phase() != Phase.RUNNING) {
            return Optional.empty();
        }
        if (placement.movement().isEmpty()) {
            return Optional.of(Role.ACTIVE);
        }
        Movement movement = placement.movement().get();
        if (movement.mode() == MigrationMode.COLD) {
            return Optional.empty();
        }
        return Optional.of(movement.stage() == Stage.SWITCHING ? Role.SOURCE : Role.ACTIVE);
    }

    /** The role of the target leg; empty where its devices are to be detached. */
    public static Optional<Role> ofTarget(Placement placement) {
        if (placement.phase() != Phase.PLACING && placement.phase() != Phase.RUNNING) {
            return Optional.empty();
        }
        return placement.movement().flatMap(movement -> switch (movement.stage()) {
            case PREPARING, SWITCHING -> Optional.of(Role.TARGET);
            case STARTING -> Optional.of(Role.ACTIVE);
            case STOPPING, ROLLING_BACK -> Optional.empty();
        });
    }
}
