package io.viommufleet.deploy.view;

import io.viommufleet.common.model.DecisionRecord;
import io.viommufleet.common.viommu.Decision;
import io.viommufleet.common.viommu.RulesVersion;
import java.util.Optional;

/** Derives a recorded decision again and compares. */
final class Drift {
    private Drift() {}

    /** Whether the record does not follow from its configuration; an unknown rules version cannot be shown to follow. */
    static boolean in(DecisionRecord record) {
        Optional<RulesVersion> version = RulesVersion.named(record.rulesVersion());
        if (version.isEmpty()) {
            return record.certificate().isPresent();
        }
        return switch (record.configuration().decide(version.get())) {
            case Decision.Refused _ -> record.certificate().isPresent();
            case Decision.Decided decided ->
                !record.certificate().equals(Optional.of(decided.certificate()))
                        || !record.doomed().equals(decided.doomed());
        };
    }
}
