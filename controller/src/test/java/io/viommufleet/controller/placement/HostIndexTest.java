package io.viommufleet.controller.placement;

import static io.viommufleet.controller.placement.PlacementFixtures.GIB;
import static io.viommufleet.controller.placement.PlacementFixtures.GPU;
import static io.viommufleet.controller.placement.PlacementFixtures.NIC;
import static io.viommufleet.controller.placement.PlacementFixtures.any;
import static io.viommufleet.controller.placement.PlacementFixtures.at;
import static io.viommufleet.controller.placement.PlacementFixtures.bdf;
import static io.viommufleet.controller.placement.PlacementFixtures.host;
import static io.viommufleet.controller.placement.PlacementFixtures.placeAndClaim;
import static io.viommufleet.controller.placement.PlacementFixtures.vm;
import static org.assertj.core.api.Assertions.assertThat;

import io.viommufleet.common.model.Bdf;
import io.viommufleet.common.model.Placement;
import io.viommufleet.common.model.PlacementRules.Numa;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

class HostIndexTest {
    private final HostIndex index = new HostIndex(new HostFeasibility());

    @Test
    void eightOfSixteenAlikeDevicesAreTheFirstThatAreFree() {
        index.put(host("h1").gpus(16).ready());
        for (int taken = 0; taken < 16; taken += 2) {
            index.hold("h1", bdf(taken), "other");
        }

        assertThat(index.place(vm("v").gpus(8).make()).orElseThrow().devices().values())
                .containsExactlyInAnyOrder(bdf(1), bdf(3), bdf(5), bdf(7), bdf(9), bdf(11), bdf(13), bdf(15));
        assertThat(index.place(vm("v").gpus(9).make())).isEmpty();
    }

    @Test
    void spreadingTakesTheEmptiestHostAndPackingTheFullest() {
        index.put(host("h1").gpus(4).ready());
        index.put(host("h2").gpus(4).ready());
        index.put(host("h3").gpus(4).ready());
        index.hold("h1", bdf(0), "a");
        index.hold("h2", bdf(0), "b");
        index.hold("h2", bdf(1), "b");

        assertThat(placed(vm("v").gpus(1).make())).contains("h3");
        assertThat(placed(vm("v").gpus(1).pack().make())).contains("h2");
        assertThat(placed(vm("v").gpus(3).pack().make())).contains("h1");
    }

    private Optional<String> placed(Candidate vm) {
        return index.place(vm).map(Placement.Leg::host);
    }

    @Test
    void hostsThatAreAlikeShareTheVmsByTheirNames() {
        Map<String, Integer> first = new HashMap<>();
        for (int number = 0; number < 16; number++) {
            index.put(host("h" + number).gpus(1).ready());
        }
        for (int number = 0; number < 400; number++) {
            first.merge(placed(vm("vm-" + number).gpus(1).make()).orElseThrow(), 1, Integer::sum);
        }
        assertThat(first).hasSizeGreaterThan(8);
    }

    @Test
    void labelValuesWithFewerVmsComeFirstWhereverTheHostsStand() {
        index.put(host("h1").gpus(4).label("zone", "a").ready());
        index.put(host("h2").gpus(4).label("zone", "a").ready());
        index.put(host("h3").gpus(4).label("zone", "b").ready());
        index.claim("x", new Placement.Leg("h3", Map.of("dev0", bdf(0))), GIB, Map.of());
        Candidate spread = vm("v").gpus(1).spread("zone").make();

        assertThat(placed(spread)).hasValueSatisfying(host -> assertThat(host).isIn("h1", "h2"));
        index.claim("y", new Placement.Leg("h1", Map.of()), GIB, Map.of());
        index.claim("z", new Placement.Leg("h2", Map.of()), GIB, Map.of());
        assertThat(placed(spread)).contains("h3");
        index.put(host("h1").gpus(4).label("zone", "b").ready());
        assertThat(placed(spread)).contains("h2");
    }

    @Test
    void aPhysicalFunctionAndItsVirtualOnesExcludeEachOther() {
        index.put(host("h1").functions(2, 0).ready());

        assertThat(index.place(vm("v").devices(2, any(NIC)).make())
                        .orElseThrow()
                        .devices()
                        .values())
                .containsExactlyInAnyOrder(bdf(1), bdf(2));
        assertThat(index.place(vm("v").devices(3, any(NIC)).make())).isEmpty();
        index.hold("h1", bdf(2), "other");
        assertThat(index.place(vm("v").devices(1, at(bdf(0))).make())).isEmpty();
        assertThat(index.place(vm("v").devices(1, any(NIC)).make())
                        .orElseThrow()
                        .devices()
                        .values())
                .containsExactly(bdf(1));
    }

    @Test
    void preferringOneNodeFallsBackOnlyWhereNoneHasAll() {
        index.put(host("h1")
                .nodes(8 * GIB, 16 * GIB)
                .alike(2, GPU, 0)
                .alike(2, GPU, 1)
                .ready());

        Placement.Leg one = index.place(vm("v").gpus(2).memory(6 * GIB).make()).orElseThrow();
        assertThat(one.devices().values()).containsExactlyInAnyOrder(bdf(2), bdf(3));
        assertThat(one.memoryByNode()).isEqualTo(Map.of(1, 6 * GIB));

        Placement.Leg both = index.place(vm("v").gpus(3).memory(6 * GIB).make()).orElseThrow();
        assertThat(both.memoryByNode()).isEqualTo(Map.of(0, 6 * GIB));
        assertThat(index.place(vm("v").gpus(3).memory(6 * GIB).numa(Numa.SINGLE).make()))
                .isEmpty();

        Placement.Leg large =
                index.place(vm("v").gpus(3).memory(20 * GIB).make()).orElseThrow();
        assertThat(large.memoryByNode()).isEqualTo(Map.of(0, 8 * GIB, 1, 12 * GIB));
    }

    @Test
    void memoryIsCountedByNodeAndGivenBack() {
        index.put(host("h1").nodes(8 * GIB, 8 * GIB).gpus(4).ready());
        Candidate first = vm("a").gpus(1).memory(6 * GIB).numa(Numa.SINGLE).make();
        Candidate second = vm("b").gpus(1).memory(6 * GIB).numa(Numa.SINGLE).make();

        assertThat(placeAndClaim(index, first)).isPresent();
        assertThat(index.place(second)).isEmpty();
        index.release("a", "h1");
        assertThat(index.place(second)).isPresent();
    }

    @Test
    void claimsAreKeptForHostsThatNobodyKnowsYet() {
        index.claim("a", new Placement.Leg("h1", Map.of("dev0", bdf(0))), GIB, Map.of());
        index.put(host("h1").gpus(1).ready());
        assertThat(index.place(vm("b").gpus(1).make())).isEmpty();
        index.remove("h1");
        index.put(host("h1").gpus(1).ready());
        assertThat(index.place(vm("b").gpus(1).make())).isEmpty();
        assertThat(index.holder("h1", bdf(0))).contains("a");
        index.release("a", "h1");
        assertThat(index.place(vm("b").gpus(1).make())).isPresent();
    }

    @Test
    void aDeviceIsFreeOnlyWhenNeitherLegNorAttachmentHasIt() {
        index.put(host("h1").gpus(1).ready());
        index.claim("a", new Placement.Leg("h1", Map.of("dev0", bdf(0))), GIB, Map.of());
        index.hold("h1", bdf(0), "a");

        index.release("a", "h1");
        assertThat(index.place(vm("b").gpus(1).make())).isEmpty();
        assertThat(index.place(vm("a").gpus(1).make())).isPresent();
        index.letGo("h1", bdf(0), "a");
        assertThat(index.place(vm("b").gpus(1).make())).isPresent();
        assertThat(index.hostsOf("a")).isEmpty();
    }

    @Test
    void aVmThatMovesHasALegOnTwoHosts() {
        index.put(host("h1").gpus(1).ready());
        index.put(host("h2").gpus(1).ready());
        Candidate vm = vm("a").gpus(1).make();
        String source = placeAndClaim(index, vm).orElseThrow().host();
        String target = index.place(vm, Set.of(source)).orElseThrow().host();
        index.claim("a", index.place(vm, Set.of(source)).orElseThrow(), GIB, Map.of());

        assertThat(index.hostsOf("a")).containsExactly("h1", "h2");
        assertThat(index.place(vm("b").gpus(1).make())).isEmpty();
        index.release("a", source);
        assertThat(placed(vm("b").gpus(1).make())).contains(source);
        assertThat(index.vmsOn(target)).containsExactly("a");
    }

    @Test
    void reachCountsTheOtherHosts() {
        for (String name : new String[] {"h1", "h2", "h3"}) {
            index.put(host(name).gpus(1).ready());
        }
        index.put(HostStanding.ready(
                host("h4").gpus(1).registers(PlacementFixtures.DOES_NOT_NEST).make()));
        Candidate vm = vm("a").gpus(1).make();
        placeAndClaim(index, vm);

        assertThat(index.reach(vm)).isEqualTo(new Reach(2, 2));
        placeAndClaim(index, vm("b").gpus(1).make());
        assertThat(index.reach(vm)).isEqualTo(new Reach(2, 1));
        placeAndClaim(index, vm("c").gpus(1).make());
        assertThat(index.reach(vm)).isEqualTo(new Reach(2, 0));
        assertThat(index.reach(vm).stranded()).isTrue();
    }

    @Test
    void headRoomIsWhatTheOthersCannotTake() {
        Map<String, Candidate> vms = new HashMap<>();
        for (String name : new String[] {"h1", "h2", "h3"}) {
            index.put(host(name).gpus(2).ready());
        }
        for (String name : new String[] {"a", "b", "c", "d", "e"}) {
            vms.put(name, vm(name).gpus(1).make());
            placeAndClaim(index, vms.get(name));
        }
        HeadRoom room = new HeadRoom(index, name -> Optional.ofNullable(vms.get(name)));

        assertThat(room.worst()).isEqualTo(1);
        assertThat(room.worst()).isEqualTo(1);
        assertThat(index.vmsOn("h1").size()
                        + index.vmsOn("h2").size()
                        + index.vmsOn("h3").size())
                .isEqualTo(5);
        assertThat(room.homelessWithout("h9")).isEmpty();
    }

    @Test
    void aForkGoesItsOwnWay() {
        index.put(host("h1").gpus(1).ready());
        HostIndex fork = index.fork();
        placeAndClaim(fork, vm("a").gpus(1).make());

        assertThat(fork.place(vm("b").gpus(1).make())).isEmpty();
        assertThat(index.place(vm("b").gpus(1).make())).isPresent();
        Bdf device = bdf(0);
        assertThat(index.holder("h1", device)).isEmpty();
        assertThat(fork.holder("h1", device)).contains("a");
    }
}
