package io.viommufleet.controller.cell;

import static io.viommufleet.controller.cell.CellHarness.host;
import static io.viommufleet.controller.cell.CellHarness.vm;
import static org.assertj.core.api.Assertions.assertThat;

import io.viommufleet.common.model.Action;
import io.viommufleet.common.model.Metadata;
import io.viommufleet.common.model.OperationProgress.State;
import io.viommufleet.common.model.Phase;
import io.viommufleet.common.model.Placement;
import io.viommufleet.common.model.Placement.Attempt;
import io.viommufleet.common.model.PlacementRules;
import io.viommufleet.common.model.Policy;
import io.viommufleet.common.model.PolicyState;
import io.viommufleet.common.model.VirtualMachine;
import io.viommufleet.common.model.VmSpec;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Attempts, quarantine, changes while running, quotas. */
class CellRetryTest {
    private final CellHarness fleet = new CellHarness();

    private String hostOf(String vm) {
        return fleet.placement(vm).active().map(Placement.Leg::host).orElse("none");
    }

    @Test
    void aFailureOnOneHostIsTriedOnAnotherAfterAPause() {
        fleet.agent("b1", "i1", host("nest-a", 1));
        fleet.agent("b2", "i2", host("nest-b", 1));
        fleet.user(vm("trainer", 1));
        fleet.settle();
        String first = hostOf("trainer");
        fleet.fail(first, "trainer", "dev0");
        fleet.carryOutAll();
        assertThat(fleet.placement("trainer").phase()).isEqualTo(Phase.PENDING);
        assertThat(fleet.placement("trainer").attempts())
                .extracting(Attempt::host)
                .containsExactly(first);

        fleet.pass(Duration.ofSeconds(1));
        fleet.carryOutAll();

        assertThat(fleet.placement("trainer").phase()).isEqualTo(Phase.RUNNING);
        assertThat(hostOf("trainer")).isNotEqualTo(first);
        assertThat(fleet.placement("trainer").attempts()).isEmpty();
    }

    @Test
    void aVmFailsWhenEveryHostHasSaidThatItCannot() {
        fleet.agent("b1", "i1", host("nest-a", 1));
        fleet.user(vm("trainer", 1));
        fleet.settle();
        fleet.fail("nest-a", "trainer", "dev0");
        fleet.carryOutAll();
        fleet.pass(Duration.ofSeconds(2));
        fleet.carryOutAll();

        assertThat(fleet.placement("trainer").phase()).isEqualTo(Phase.FAILED);
        assertThat(fleet.placement("trainer").reason()).startsWith("on nest-a: dev0: HWPT_ALLOC EOPNOTSUPP");
    }

    @Test
    void whatIsBusyForTheMomentIsTriedAgainOnTheSameHostFiveTimesAtMost() {
        fleet.agent("b1", "i1", host("nest-a", 1));
        fleet.user(vm("trainer", 1));
        fleet.settle();
        for (int attempt = 1; attempt <= 5; attempt++) {
            assertThat(fleet.placement("trainer").phase()).isEqualTo(Phase.PLACING);
            fleet.fail("nest-a", "trainer", "dev0", "ENOMEM");
            fleet.carryOutAll();
            fleet.heartbeat("nest-a", "b1", "i1", false);
            fleet.pass(Duration.ofSeconds(9));
            fleet.heartbeat("nest-a", "b1", "i1", false);
            fleet.pass(Duration.ofSeconds(9));
            fleet.heartbeat("nest-a", "b1", "i1", false);
            fleet.settle();
        }
        assertThat(fleet.placement("trainer").phase()).isEqualTo(Phase.FAILED);
        assertThat(fleet.placement("trainer").attempts()).hasSize(5);
    }

    @Test
    void aGroupThatFailsThreeTimesInARowIsQuarantinedUntilItIsReleased() {
        fleet.agent("b1", "i1", host("nest-a", 1));
        for (int n = 1; n <= 3; n++) {
            fleet.user(vm("vm" + n, 1, "nest-a"));
            fleet.settle();
            fleet.fail("nest-a", "vm" + n, "dev0", "EIO");
            fleet.settle();
            fleet.user(CellHarness.deleted(vm("vm" + n, 1, "nest-a")));
            fleet.carryOutAll();
        }
        assertThat(fleet.hostState("nest-a").quarantinedGroups()).containsExactly(10);
        fleet.user(vm("next", 1));
        fleet.settle();
        assertThat(fleet.placement("next").reason()).isEqualTo("0/1 hosts: 1 iommu group quarantined");

        assertThat(fleet.operate("release", new Action.Release("nest-a", Optional.of(10)))
                        .state())
                .isEqualTo(State.SUCCEEDED);
        fleet.carryOutAll();

        assertThat(fleet.placement("next").phase()).isEqualTo(Phase.RUNNING);
    }

    @Test
    void aDeviceThatCannotBeResetIsQuarantinedAndTheVmIsGoneAllTheSame() {
        fleet.agent("b1", "i1", host("nest-a", 1));
        fleet.user(vm("trainer", 1));
        fleet.carryOutAll();
        fleet.user(CellHarness.deleted(vm("trainer", 1)));
        fleet.settle();
        fleet.fail("nest-a", "trainer", "dev0", "EIO");
        fleet.settle();
        assertThat(fleet.placement("trainer").reason()).isEqualTo("deleted");
        assertThat(fleet.hostState("nest-a").quarantinedGroups()).containsExactly(10);
        fleet.user(vm("next", 1));
        fleet.settle();
        assertThat(fleet.placement("next").phase()).isEqualTo(Phase.PENDING);

        fleet.operate("release", new Action.Release("nest-a", Optional.empty()));
        fleet.settle();
        assertThat(fleet.placement("next").phase())
                .as("the detach is tried again first")
                .isEqualTo(Phase.PENDING);
        fleet.carryOutAll();

        assertThat(fleet.placement("next").phase()).isEqualTo(Phase.RUNNING);
        assertThat(fleet.hostState("nest-a").quarantinedGroups()).isEmpty();
    }

    @Test
    void theSurroundingsOfARunningVmChangeAndItsHardwareDoesNot() {
        fleet.agent("b1", "i1", host("nest-a", 2));
        fleet.user(vm("trainer", 1));
        fleet.carryOutAll();
        fleet.user(CellHarness.vm(vm("trainer", 1), Map.of("team", "ml"), VmSpec.OnHostLoss.EVACUATE));
        fleet.carryOutAll();
        assertThat(fleet.placement("trainer").metadata().labels()).containsEntry("team", "ml");
        assertThat(fleet.placement("trainer").spec().onHostLoss()).isEqualTo(VmSpec.OnHostLoss.EVACUATE);

        fleet.user(vm("trainer", 2));
        fleet.carryOutAll();

        assertThat(fleet.placement("trainer").phase()).isEqualTo(Phase.RUNNING);
        assertThat(fleet.placement("trainer").refusedChange().orElseThrow())
                .isEqualTo("devices cannot be added to or removed from a running VM: delete it first"
                        + " (the VM is running on nest-a)");
        assertThat(fleet.placement("trainer").spec().configuration().devices()).hasSize(1);
    }

    @Test
    void aQuotaHoldsVmsBackAndARefusedOneLeavesWhatHeld() {
        fleet.agent("b1", "i1", host("nest-a", 4));
        assertThat(quota(2).refused()).isEmpty();
        fleet.user(tenant("first", 2));
        fleet.user(tenant("second", 1));
        fleet.carryOutAll();
        assertThat(fleet.placement("first").phase()).isEqualTo(Phase.RUNNING);
        assertThat(fleet.placement("second").reason())
                .isEqualTo("quota ml of tenant ml: 3 devices where 2 are allowed");

        PolicyState refused = quota(1);
        assertThat(refused.refused().orElseThrow()).startsWith("tenant ml already has 2 devices where 1 are allowed");
        assertThat(refused.rule()).isEqualTo(Optional.of(rule(2)));

        quota(3);
        fleet.carryOutAll();
        assertThat(fleet.placement("second").phase()).isEqualTo(Phase.RUNNING);
    }

    @Test
    void aPoolIsForTheTenantsOfItsPolicyAlone() {
        fleet.agent("b1", "i1", host("nest-a", 4, Map.of(Policy.POOL_LABEL, "gold")));
        fleet.user(new Policy(
                new Metadata("gold-users", 0, Map.of()), new Policy.Rule.Pool("gold", List.of("ml")), false));
        fleet.user(inPool("ours", "ml"));
        fleet.user(inPool("theirs", "web"));
        fleet.user(vm("elsewhere", 1));
        fleet.carryOutAll();

        assertThat(fleet.placement("ours").phase()).isEqualTo(Phase.RUNNING);
        assertThat(fleet.placement("theirs").reason())
                .isEqualTo("pool gold is for the tenants ml, by policy gold-users");
        assertThat(fleet.placement("elsewhere").reason()).isEqualTo("0/1 hosts: 1 in another pool");
    }

    private static VirtualMachine inPool(String name, String tenant) {
        VirtualMachine vm = vm(name, 1);
        PlacementRules any = PlacementRules.ANYWHERE;
        PlacementRules pool = new PlacementRules(
                any.hosts(),
                any.labels(),
                any.spread(),
                any.strategy(),
                any.numa(),
                any.antiAffinity(),
                Optional.of("gold"));
        return new VirtualMachine(
                new Metadata(name, 0, Map.of(Policy.TENANT_LABEL, tenant)),
                vm.spec().placedBy(pool));
    }

    private static VirtualMachine tenant(String name, int devices) {
        return CellHarness.vm(vm(name, devices), Map.of("tenant", "ml"), VmSpec.OnHostLoss.WAIT);
    }

    private static Policy.Rule rule(int devices) {
        return new Policy.Rule.Quota("ml", Optional.empty(), Optional.of(devices), Optional.empty());
    }

    private PolicyState quota(int devices) {
        fleet.user(new Policy(new Metadata("ml", 0, Map.of()), rule(devices), false));
        List<PolicyState> written = fleet.settle().stream()
                .filter(PolicyState.class::isInstance)
                .map(PolicyState.class::cast)
                .toList();
        return written.getLast();
    }
}
