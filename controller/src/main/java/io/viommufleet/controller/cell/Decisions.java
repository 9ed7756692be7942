package io.viommufleet.controller.cell;

import io.viommufleet.common.model.Placement;
import io.viommufleet.common.viommu.Decision;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/** The decisions that placements carry, each derived again from its canonical configuration, once for all VMs that have it. */
final class Decisions {
    private static final int REMEMBERED = 10_000;

    private final Map<Placement.Admission, Optional<Decision.Decided>> derived = new LinkedHashMap<>(64, 0.75f, true) {
        private static final long serialVersionUID = 1;

        @Override
        protected boolean removeEldestEntry(Map.Entry<Placement.Admission, Optional<Decision.Decided>> eldest) {
            return size() > REMEMBERED;
        }
    };

    /** Whether the certificate follows from the configuration; it always must. */
    boolean holds(Placement.Admission admission) {
        return derive(admission)
                .filter(decided -> decided.certificate().equals(admission.certificate()))
                .isPresent();
    }

    /** The decision of an admitted VM. */
    Decision.Decided of(Placement placement) {
        return derive(placement.decision().orElseThrow())
                .orElseThrow(() -> new IllegalStateException(
                        "the canonical configuration of %s is refused".formatted(placement.key())));
    }

    private Optional<Decision.Decided> derive(Placement.Admission admission) {
        return derived.computeIfAbsent(
                admission,
                asked -> asked.configuration().decide(asked.certificate().rulesVersion())
                                instanceof Decision.Decided decided
                        ? Optional.of(decided)
                        : Optional.empty());
    }
}
