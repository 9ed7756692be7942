package io.viommufleet.common.viommu;

/** Applies one rules version to one configuration. */
final class Decider {
    private Decider() {}

    static Decision decide(VmConfiguration configuration, Rules rules) {
        return new Decision.Refused(
                rules.version(),
                java.util.List.of(new ConfigurationError(
                        "machine.type", configuration.machine().type(), "no-rules", "the rules are not written yet")));
    }
}
