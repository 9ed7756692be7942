package io.viommufleet.controller.placement;

import io.viommufleet.common.model.PlacementRules;
import io.viommufleet.common.model.Policy;
import io.viommufleet.common.viommu.ConfigurationError;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Finds placement rules of one VM that contradict each other, whatever hosts there are: one of two makes the other void, and
 * nothing says which of them was meant.
 */
public final class PlacementRulesCheck {
    /** The rule that such a VM breaks. */
    public static final String RULE = "contradictory-placement";

    private final PlacementRules rules;
    private final List<ConfigurationError> errors = new ArrayList<>();

    private PlacementRulesCheck(PlacementRules rules) {
        this.rules = rules;
    }

    /** The contradictions; none for rules that can hold together. */
    public static List<ConfigurationError> of(PlacementRules rules) {
        PlacementRulesCheck check = new PlacementRulesCheck(rules);
        rules.spread().ifPresent(check::checkSpread);
        check.checkPool();
        return List.copyOf(check.errors);
    }

    private void checkSpread(String label) {
        if (rules.labels().containsKey(label)) {
            error(
                    "placement.spread",
                    label,
                    "the VM is spread over the label %s, but placement.labels allows the one value %s; drop one of the two"
                            .formatted(label, rules.labels().get(label)));
        }
        if (label.equals(Policy.POOL_LABEL)) {
            error(
                    "placement.spread",
                    label,
                    "a VM uses one pool, %s, so that it cannot be spread over pools; spread it over another label"
                            .formatted(rules.pool().orElse("none")));
        }
        if (rules.pinned()) {
            error(
                    "placement.spread",
                    label,
                    "the VM is pinned to host %s and cannot be spread; name more hosts, or drop spread"
                            .formatted(rules.hosts().getFirst()));
        }
    }

    private void checkPool() {
        Optional<String> label = Optional.ofNullable(rules.labels().get(Policy.POOL_LABEL));
        if (label.isPresent() && !label.equals(rules.pool())) {
            error(
                    "placement.labels." + Policy.POOL_LABEL,
                    label.get(),
                    "placement.labels wants hosts of pool %s, but the VM uses %s; say placement.pool: %s instead"
                            .formatted(
                                    label.get(),
                                    rules.pool().map(pool -> "pool " + pool).orElse("no pool"),
                                    label.get()));
        }
    }

    private void error(String property, String value, String message) {
        errors.add(new ConfigurationError(property, value, RULE, message));
    }
}
