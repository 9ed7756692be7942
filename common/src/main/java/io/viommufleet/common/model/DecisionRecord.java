package io.viommufleet.common.model;

import io.viommufleet.common.viommu.Certificate;
import io.viommufleet.common.viommu.ConfigurationError;
import io.viommufleet.common.viommu.Doom;
import java.util.List;
import java.util.Optional;

/**
 * One decision, kept for ever, with what it was derived from, so that an auditor can derive it again.
 *
 * @param vm the VM
 * @param rulesVersion the rules it was decided by
 * @param configuration canonical where valid, else as written
 * @param certificate empty where the configuration is invalid
 * @param errors why it is invalid
 * @param doomed devices that no host can attach
 */
public record DecisionRecord(
        String vm,
        String rulesVersion,
        ConfigurationSpec configuration,
        Optional<Certificate> certificate,
        List<ConfigurationError> errors,
        List<Doom> doomed)
        implements FleetRecord {
    public DecisionRecord {
        errors = List.copyOf(errors);
        doomed = List.copyOf(doomed);
    }

    @Override
    public FleetTopic topic() {
        return FleetTopic.DECISIONS;
    }

    @Override
    public String key() {
        return vm;
    }
}
