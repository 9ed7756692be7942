package io.viommufleet.agent.vmm;

import static io.viommufleet.agent.vmm.TestHost.FIRST;
import static io.viommufleet.agent.vmm.TestHost.bit;
import static io.viommufleet.common.feasibility.MigrationObstacle.Kind.BLOCKER;
import static io.viommufleet.common.feasibility.MigrationObstacle.Kind.DIFFERENCE;
import static io.viommufleet.common.feasibility.MigrationObstacle.Kind.START;
import static io.viommufleet.common.feasibility.MigrationObstacle.Kind.TARGET;
import static io.viommufleet.common.feasibility.MigrationObstacle.Kind.WARNING;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import io.viommufleet.common.feasibility.MigrationCheck;
import io.viommufleet.common.feasibility.MigrationObstacle;
import io.viommufleet.common.feasibility.MigrationRequest;
import io.viommufleet.common.feasibility.MigrationRequest.Policy;
import io.viommufleet.common.feasibility.MigrationSide;
import io.viommufleet.common.viommu.BusType;
import io.viommufleet.common.viommu.DeviceBackend;
import io.viommufleet.common.viommu.DeviceKind;
import io.viommufleet.common.viommu.RulesVersion;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** What is in the way of a migration: each rule of QEMU's, by itself. */
class MigrationCheckTest {
    private static final Policy OLDER = new Policy(false, false);
    private static final Policy DEMANDED = new Policy(true, true);

    private static TestVm tracked() {
        return TestVm.nestedIntel().rules(RulesVersion.V2).device();
    }

    @Test
    void anIntelIommuWithFirstStageMigratesToAHostThatPassesItsChecks() {
        assertThat(check(tracked(), TestHost.vtd(), tracked(), TestHost.vtd(), Policy.DEFAULT))
                .isEmpty();
    }

    @Test
    void anAcceleratedSmmuIsBlockedWhateverTracks() {
        assertThat(blockers(TestVm.accelerated().device(), TestHost.smmuV3(), Policy.DEFAULT))
                .anySatisfy(obstacle -> {
                    assertThat(obstacle.kind()).isEqualTo(BLOCKER);
                    assertThat(obstacle.subject()).isEqualTo("viommus[0]");
                    assertThat(obstacle.reason()).contains("accel=on");
                });
    }

    @Test
    void anAmdIommuIsUnmigratable() {
        assertThat(blockers(TestVm.q35().viommu("amd-iommu", "dma-remap=on").device(), TestHost.amd(), Policy.DEFAULT))
                .extracting(MigrationObstacle::subject)
                .containsExactly("viommus[0]");
    }

    @Test
    void anOlderVmmBlocksEveryDeviceBehindAViommuAndNoOther() {
        assertThat(blockers(tracked(), TestHost.vtd(), OLDER))
                .containsExactly(new MigrationObstacle(
                        BLOCKER, "d0", "a device behind a vIOMMU cannot be migrated by this VMM"));
        assertThat(blockers(TestVm.q35().device(), TestHost.vtd(), OLDER)).isEmpty();
    }

    @Test
    void behindAViommuTheIommuMustTrackEvenIfTheDeviceDoes() {
        TestVm untracked = TestVm.nestedIntel().device();

        assertThat(check(untracked, TestHost.vtd(), untracked, TestHost.vtd(), Policy.DEFAULT, "d0"))
                .extracting(MigrationObstacle::subject, MigrationObstacle::kind)
                .containsExactly(tuple("d0", BLOCKER));
        assertThat(blockers(untracked, TestHost.vtd(), DEMANDED))
                .extracting(MigrationObstacle::kind)
                .containsExactly(START);
    }

    @Test
    void whereNobodyTracksItIsABlockerAndOnDemandOnlyAWarning() {
        TestHost silent = TestHost.vtd().clear("ecap", bit(45));

        assertThat(blockers(TestVm.q35().device(), silent, Policy.DEFAULT))
                .extracting(MigrationObstacle::kind)
                .containsExactly(BLOCKER);
        assertThat(blockers(TestVm.q35().device(), silent, DEMANDED))
                .singleElement()
                .satisfies(warning -> {
                    assertThat(warning.kind()).isEqualTo(WARNING);
                    assertThat(warning.prevents()).isFalse();
                });
        assertThat(check(TestVm.q35().device(), silent, TestVm.q35().device(), silent, Policy.DEFAULT, "d0"))
                .as("the device tracks itself")
                .isEmpty();
    }

    @Test
    void theType1BackendTracks8TiBAtMost() {
        TestVm legacy = TestVm.q35().device(DeviceKind.PCI, DeviceBackend.LEGACY, Optional.empty());

        assertThat(blockers(legacy.memory(8L << 40), TestHost.vtd(), Policy.DEFAULT))
                .isEmpty();
        assertThat(blockers(legacy.memory((8L << 40) + 4096), TestHost.vtd(), Policy.DEFAULT))
                .extracting(MigrationObstacle::reason)
                .containsExactly("the type1 backend tracks dirty pages of 8 TiB at most; iommufd has no such limit");
    }

    @Test
    void everyPropertyThatTheGuestSeesMustBeEqual() {
        assertThat(between(TestVm.intel().device(), TestVm.intel("aw-bits=39").device()))
                .containsExactly(
                        new MigrationObstacle(DIFFERENCE, "viommus[0].aw-bits", "48 on the source, 39 on the target"));
        assertThat(between(
                        TestVm.intel().device(),
                        TestVm.q35().viommu("virtio-iommu-pci").device()))
                .extracting(MigrationObstacle::subject)
                .containsExactly("viommus[0].model");
        assertThat(between(
                        TestVm.q35().device(),
                        TestVm.q35()
                                .bus("rp1", BusType.PCIE_ROOT_PORT)
                                .device(DeviceKind.PCI, DeviceBackend.IOMMUFD, Optional.of("rp1"))))
                .extracting(MigrationObstacle::subject)
                .containsExactly("buses.rp1", "devices.d0");
    }

    @Test
    void theTargetMustPassTheChecksOfItsOwnAttach() {
        TestHost narrow = TestHost.vtd().set("cap", 16, 6, 38);

        assertThat(check(tracked(), TestHost.vtd(), tracked(), narrow, Policy.DEFAULT))
                .singleElement()
                .satisfies(obstacle -> {
                    assertThat(obstacle.kind()).isEqualTo(TARGET);
                    assertThat(obstacle.reason()).startsWith("SET_IOMMU_DEVICE").contains("aw-bits");
                });
        assertThat(check(tracked(), TestHost.vtd(), tracked(), TestHost.vtd().clear("cap", bit(60)), Policy.DEFAULT))
                .as("details of the host may differ as long as every check passes")
                .isEmpty();
    }

    private static List<MigrationObstacle> blockers(TestVm vm, TestHost host, Policy policy) {
        return check(vm, host, vm, host, policy).stream()
                .filter(obstacle -> obstacle.kind() != TARGET)
                .toList();
    }

    private static List<MigrationObstacle> between(TestVm source, TestVm target) {
        return check(source, TestHost.vtd(), target, TestHost.vtd(), Policy.DEFAULT).stream()
                .filter(obstacle -> obstacle.kind() == DIFFERENCE)
                .toList();
    }

    private static List<MigrationObstacle> check(
            TestVm vm, TestHost source, TestVm targetVm, TestHost target, Policy policy, String... selfTracking) {
        return MigrationCheck.of(new MigrationRequest(
                side(vm, source),
                side(targetVm, target),
                vm.question("d0").memoryBytes(),
                false,
                Map.of(),
                Set.of(selfTracking),
                policy));
    }

    private static MigrationSide side(TestVm vm, TestHost host) {
        return new MigrationSide(vm.decided(), host.build(), Map.of("d0", FIRST));
    }
}
