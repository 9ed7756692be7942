package io.viommufleet.controller.app;

import io.viommufleet.common.FleetError;
import io.viommufleet.common.FleetException;
import io.viommufleet.common.model.FeatureLevel;
import io.viommufleet.common.model.Leader;
import java.util.Optional;

/** The cell has a feature level that this controller does not know: it neither leads nor follows it. */
final class UnknownFeatureLevel extends FleetException {
    private static final long serialVersionUID = 1L;

    private UnknownFeatureLevel(int cell, int level) {
        super(
                FleetError.CONFLICT,
                "cell %d has feature level %d; this controller knows levels up to %d and needs an upgrade"
                        .formatted(cell, level, FeatureLevel.LATEST));
    }

    /** @throws UnknownFeatureLevel if the last leader of a cell carried one that is too high */
    static void refuse(Optional<Leader> last) {
        last.filter(leader -> leader.featureLevel() > FeatureLevel.LATEST).ifPresent(leader -> {
            throw new UnknownFeatureLevel(leader.cell(), leader.featureLevel());
        });
    }
}
