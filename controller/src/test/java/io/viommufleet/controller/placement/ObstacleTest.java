package io.viommufleet.controller.placement;

import static io.viommufleet.controller.placement.PlacementFixtures.GIB;
import static io.viommufleet.controller.placement.PlacementFixtures.GPU;
import static io.viommufleet.controller.placement.PlacementFixtures.NIC;
import static io.viommufleet.controller.placement.PlacementFixtures.any;
import static io.viommufleet.controller.placement.PlacementFixtures.at;
import static io.viommufleet.controller.placement.PlacementFixtures.bdf;
import static io.viommufleet.controller.placement.PlacementFixtures.device;
import static io.viommufleet.controller.placement.PlacementFixtures.host;
import static io.viommufleet.controller.placement.PlacementFixtures.vm;
import static org.assertj.core.api.Assertions.assertThat;

import io.viommufleet.common.model.HostInventory;
import io.viommufleet.common.model.Placement;
import io.viommufleet.common.model.PlacementRules;
import io.viommufleet.controller.placement.PlacementFixtures.HostMaker;
import io.viommufleet.controller.placement.PlacementFixtures.VmMaker;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** Every obstacle, alone on a host that would take the VM otherwise, with its words; and their order. */
class ObstacleTest {
    private static final Map<String, String> DATABASE = Map.of("app", "db");

    /** One way of not being placed. */
    private record Case(Obstacle obstacle, String words, HostStanding host, Candidate vm, Consumer<HostIndex> claims) {}

    private static List<Case> cases() {
        List<Case> cases = new ArrayList<>();
        HostInventory plain = host("h1").gpus(2).make();
        Candidate one = vm("v").gpus(1).make();
        cases.add(of(
                Obstacle.NOT_ALLOWED,
                "the VM allows h2, h3 only",
                plain,
                vm("v").gpus(1).on("h2", "h3")));
        cases.add(of(
                Obstacle.NOT_ALLOWED,
                "the VM wants the label zone=a",
                plain,
                vm("v").gpus(1).labels(Map.of("zone", "a"))));
        cases.add(of(
                Obstacle.WRONG_POOL,
                "it is in no pool, the VM wants pool ml",
                plain,
                vm("v").gpus(1).pool("ml")));
        cases.add(of(
                Obstacle.WRONG_POOL,
                "it is in pool ml, the VM wants hosts in no pool",
                host("h1").gpus(1).label("fleet/pool", "ml").make(),
                vm("v").gpus(1)));
        cases.add(standing(Obstacle.LOST, "it is lost: no heartbeat", one, false, true, Optional.of("no heartbeat")));
        cases.add(standing(Obstacle.NOT_ADMITTED, "its agent waits for admission", one, false, true, Optional.empty()));
        cases.add(standing(
                Obstacle.SILENT, "its agent has not been heard of lately", one, true, false, Optional.empty()));
        cases.add(new Case(
                Obstacle.QUARANTINED,
                "three attaches failed",
                new HostStanding(
                        plain, true, true, false, Optional.of("three attaches failed"), Set.of(), Optional.empty()),
                one,
                index -> {}));
        cases.add(new Case(
                Obstacle.CORDONED,
                "it takes no new VMs",
                new HostStanding(plain, true, true, true, Optional.empty(), Set.of(), Optional.empty()),
                one,
                index -> {}));
        cases.add(of(
                Obstacle.RULES_UNKNOWN,
                "its agent knows the rules versions 7, the VM is pinned to 1",
                host("h1").gpus(1).rules("7").make(),
                vm("v").gpus(1)));
        cases.add(of(Obstacle.NO_SUCH_DEVICE, "no device matches dev0", plain, vm("v").devices(1, any(NIC))));
        cases.add(of(Obstacle.NO_SUCH_DEVICE, "no device matches dev0", plain, vm("v").devices(1, at(bdf(9)))));
        cases.add(of(
                Obstacle.GROUP_NOT_CLAIMABLE,
                "iommu group 4 holds 0000:11:00.0, which is bound to nvme and not assignable",
                host("h1")
                        .device(device(0, 4, GPU, 0, "vfio-pci"))
                        .device(device(1, 4, NIC, 0, "nvme"))
                        .make(),
                vm("v").gpus(1)));
        cases.add(of(
                Obstacle.CANNOT_NEST,
                "dev0: ",
                host("h1").gpus(1).registers(PlacementFixtures.DOES_NOT_NEST).make(),
                vm("v").gpus(1)));
        cases.add(of(
                Obstacle.CANNOT_ATTACH,
                "dev0: ",
                host("h1").gpus(1).registers(Map.of()).make(),
                vm("v").gpus(1)));
        cases.add(new Case(
                Obstacle.ANTI_AFFINITY,
                "VM other is there, and the VM avoids app=db",
                HostStanding.ready(plain),
                vm("v").gpus(1).avoiding("app", "db").make(),
                index -> index.claim("other", new Placement.Leg("h1", Map.of()), GIB, DATABASE)));
        cases.add(new Case(
                Obstacle.GROUP_QUARANTINED,
                "dev0: iommu group 0 is quarantined",
                new HostStanding(
                        host("h1").gpus(1).make(), true, true, false, Optional.empty(), Set.of(0), Optional.empty()),
                one,
                index -> {}));
        cases.add(new Case(
                Obstacle.NO_FREE_DEVICE,
                "0000:10:00.0 is held by VM other",
                host("h1").gpus(1).ready(),
                one,
                index -> index.hold("h1", bdf(0), "other")));
        cases.add(new Case(
                Obstacle.NO_FREE_DEVICE,
                "0000:11:00.0, in the iommu group of 0000:10:00.0, is held by VM other",
                HostStanding.ready(host("h1")
                        .device(device(0, 4, GPU, 0, "vfio-pci"))
                        .device(device(1, 4, NIC, 0, "vfio-pci"))
                        .make()),
                one,
                index -> index.hold("h1", bdf(1), "other")));
        cases.add(new Case(
                Obstacle.NO_FREE_DEVICE,
                "0000:11:00.0, a virtual function of 0000:10:00.0, is held by VM other",
                host("h1").functions(1, 0).ready(),
                vm("v").devices(1, at(bdf(0))).make(),
                index -> index.hold("h1", bdf(1), "other")));
        cases.add(of(
                Obstacle.NO_FREE_DEVICE,
                "its free devices serve some of the VM's 3 devices, not all",
                plain,
                vm("v").gpus(3)));
        cases.add(of(
                Obstacle.NO_MEMORY,
                "65536 MiB of memory are free, the VM pins 66560 MiB",
                plain,
                vm("v").gpus(1).memory(65 * GIB)));
        cases.add(of(
                Obstacle.NUMA,
                "it does not tell its memory by NUMA node, and the VM wants one node",
                plain,
                vm("v").gpus(1).numa(PlacementRules.Numa.SINGLE)));
        cases.add(of(
                Obstacle.NUMA,
                "no NUMA node has both the devices and 4096 MiB of memory left: node 0 has 2048 MiB, node 1 has 8192"
                        + " MiB",
                host("h1").nodes(2 * GIB, 8 * GIB).alike(1, GPU, 0).make(),
                vm("v").gpus(1).numa(PlacementRules.Numa.SINGLE)));
        return cases;
    }

    private static Case of(Obstacle obstacle, String words, HostInventory host, VmMaker vm) {
        return new Case(obstacle, words, HostStanding.ready(host), vm.make(), index -> {});
    }

    private static Case standing(
            Obstacle obstacle, String words, Candidate vm, boolean admitted, boolean live, Optional<String> lost) {
        HostInventory plain = host("h1").gpus(2).make();
        return new Case(
                obstacle,
                words,
                new HostStanding(plain, admitted, live, false, Optional.empty(), Set.of(), lost),
                vm,
                index -> {});
    }

    @TestFactory
    List<DynamicTest> isFoundAndSaidAndCounted() {
        return cases().stream()
                .map(one -> DynamicTest.dynamicTest(one.obstacle() + ": " + one.words(), () -> check(one)))
                .toList();
    }

    private static void check(Case one) {
        HostIndex index = new HostIndex(new HostFeasibility());
        index.put(one.host());
        one.claims().accept(index);

        assertThat(index.place(one.vm())).isEmpty();
        HostVerdict verdict = index.verdicts(one.vm()).getFirst();
        assertThat(verdict.obstacle()).contains(one.obstacle());
        assertThat(verdict.reason()).startsWith(one.words());
        assertThat(index.counts(one.vm()).summary())
                .isEqualTo("0/1 hosts: 1 " + one.obstacle().summary());
    }

    @Test
    void theTableHasEveryObstacle() {
        assertThat(cases().stream().map(Case::obstacle)).contains(Obstacle.values());
    }

    @Test
    void theFirstInOrderCounts() {
        HostMaker maker = host("h1").label("fleet/pool", "ml").rules("7").memory(GIB);
        HostIndex index = new HostIndex(new HostFeasibility());
        index.put(new HostStanding(
                maker.make(), false, false, true, Optional.of("broken"), Set.of(), Optional.of("no heartbeat")));

        assertThat(obstacle(index, vm("v").gpus(1).on("h2", "h3"))).isEqualTo(Obstacle.NOT_ALLOWED);
        assertThat(obstacle(index, vm("v").gpus(1))).isEqualTo(Obstacle.WRONG_POOL);
        assertThat(obstacle(index, vm("v").gpus(1).pool("ml"))).isEqualTo(Obstacle.LOST);
        index.put(HostStanding.ready(maker.make()));
        assertThat(obstacle(index, vm("v").gpus(1).pool("ml"))).isEqualTo(Obstacle.RULES_UNKNOWN);
        index.put(HostStanding.ready(maker.rules("1").make()));
        assertThat(obstacle(index, vm("v").gpus(1).pool("ml"))).isEqualTo(Obstacle.NO_SUCH_DEVICE);
        index.put(HostStanding.ready(maker.gpus(1).make()));
        assertThat(obstacle(index, vm("v").gpus(1).pool("ml"))).isEqualTo(Obstacle.NO_MEMORY);
    }

    private static Obstacle obstacle(HostIndex index, VmMaker vm) {
        return index.verdicts(vm.make()).getFirst().obstacle().orElseThrow();
    }

    @Test
    void aPinSkipsFeasibilityOnly() {
        HostIndex index = new HostIndex(new HostFeasibility());
        index.put(HostStanding.ready(
                host("h1").gpus(1).registers(PlacementFixtures.DOES_NOT_NEST).make()));

        assertThat(index.place(vm("v").gpus(1).on("h1").make())).isPresent();
        assertThat(index.place(vm("v").gpus(2).on("h1").make())).isEmpty();
        assertThat(index.place(vm("v").gpus(1).on("h1").pool("ml").make())).isEmpty();
    }

    @Test
    void aPendingVmIsToldOfUnknownHostsAndOfItsPin() {
        HostIndex index = new HostIndex(new HostFeasibility());
        index.put(host("h1").gpus(1).ready());
        index.hold("h1", bdf(0), "other");

        assertThat(index.whyPending(vm("v").gpus(1).on("h1").make()))
                .isEqualTo("0/1 hosts: 1 no free device; h1: 0000:10:00.0 is held by VM other");
        assertThat(index.whyPending(vm("v").gpus(1).on("h7", "h8").make()))
                .isEqualTo("0/1 hosts: 1 not allowed by the VM; unknown host h7, h8");
    }
}
