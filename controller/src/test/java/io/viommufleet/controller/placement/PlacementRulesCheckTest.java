package io.viommufleet.controller.placement;

import static io.viommufleet.controller.placement.PlacementFixtures.vm;
import static org.assertj.core.api.Assertions.assertThat;

import io.viommufleet.common.viommu.ConfigurationError;
import io.viommufleet.controller.placement.PlacementFixtures.VmMaker;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class PlacementRulesCheckTest {
    @Test
    void refusesToSpreadOverALabelWithOneAllowedValue() {
        assertThat(check(vm("v").spread("zone").labels(Map.of("zone", "a"))))
                .singleElement()
                .isEqualTo(new ConfigurationError(
                        "placement.spread",
                        "zone",
                        "contradictory-placement",
                        "the VM is spread over the label zone, but placement.labels allows the one value a; drop one"
                                + " of the two"));
    }

    @Test
    void refusesToSpreadWhatIsPinnedOrInOnePool() {
        assertThat(check(vm("v").spread("zone").on("h1")))
                .singleElement()
                .satisfies(error -> assertThat(error.message()).contains("pinned to host h1"));
        assertThat(check(vm("v").spread("fleet/pool").pool("ml")))
                .singleElement()
                .satisfies(error -> assertThat(error.message()).contains("one pool, ml"));
    }

    @Test
    void refusesAPoolThatTheLabelsContradict() {
        assertThat(check(vm("v").pool("ml").labels(Map.of("fleet/pool", "web"))))
                .hasSize(1);
        assertThat(check(vm("v").labels(Map.of("fleet/pool", "web")))).hasSize(1);
        assertThat(check(vm("v").pool("ml").labels(Map.of("fleet/pool", "ml")))).isEmpty();
    }

    @Test
    void takesRulesThatCanHoldTogether() {
        assertThat(check(vm("v").spread("zone")
                        .labels(Map.of("rack", "1"))
                        .on("h1", "h2")
                        .avoiding("app", "db")))
                .isEmpty();
        assertThat(check(vm("v").on("h1").avoiding("app", "db").pack())).isEmpty();
    }

    private static List<ConfigurationError> check(VmMaker vm) {
        return PlacementRulesCheck.of(vm.rules());
    }
}
