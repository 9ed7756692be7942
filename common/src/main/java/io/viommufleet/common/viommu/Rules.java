package io.viommufleet.common.viommu;

/** What one rules version says. */
record Rules(RulesVersion version) {
    static Rules of(RulesVersion version) {
        return new Rules(version);
    }
}
