package io.viommufleet.controller.placement;

import static io.viommufleet.controller.placement.PlacementFixtures.GIB;
import static io.viommufleet.controller.placement.PlacementFixtures.GPU;
import static io.viommufleet.controller.placement.PlacementFixtures.NIC;
import static io.viommufleet.controller.placement.PlacementFixtures.any;
import static io.viommufleet.controller.placement.PlacementFixtures.at;
import static io.viommufleet.controller.placement.PlacementFixtures.bdf;
import static io.viommufleet.controller.placement.PlacementFixtures.host;
import static io.viommufleet.controller.placement.PlacementFixtures.vm;
import static org.assertj.core.api.Assertions.assertThat;

import io.viommufleet.common.model.Bdf;
import io.viommufleet.common.model.HostDevice;
import io.viommufleet.common.model.Placement;
import io.viommufleet.common.model.PlacementRules;
import io.viommufleet.controller.placement.PlacementFixtures.HostMaker;
import io.viommufleet.controller.placement.PlacementFixtures.VmMaker;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/** The index against {@link NaivePlacement}, through random lives of a cell; {@code -Dseed=} repeats one. */
class HostIndexRandomTest {
    private static final long SEED = Long.getLong("seed", System.nanoTime());
    private static final int LIVES = Long.getLong("seed") == null ? 150 : 1;
    private static final int STEPS = 120;

    @Test
    void choosesTheHostThatEveryHostLookedAtGives() {
        System.out.println("HostIndexRandomTest: -Dseed=" + SEED);
        for (int life = 0; life < LIVES; life++) {
            new Life(SEED + life).run();
        }
    }

    /** One random life. */
    private static final class Life {
        private final long seed;
        private final Random random;
        private final NaivePlacement naive = new NaivePlacement();
        private final HostIndex index = new HostIndex(new HostFeasibility());

        Life(long seed) {
            this.seed = seed;
            this.random = new Random(seed);
        }

        void run() {
            for (int step = 0; step < STEPS; step++) {
                change();
                compare(randomVm());
            }
            sameInAnyOrder();
        }

        private void change() {
            String host = "h" + random.nextInt(8);
            String vm = "v" + random.nextInt(20);
            Bdf device = bdf(random.nextInt(6));
            switch (random.nextInt(12)) {
                case 0, 1, 2 -> {
                    HostStanding standing = randomHost(host);
                    naive.hosts.put(host, standing);
                    index.put(standing);
                }
                case 3 -> {
                    if (random.nextInt(4) == 0) {
                        naive.hosts.remove(host);
                        index.remove(host);
                    }
                }
                case 4, 5 -> {
                    naive.claims.getOrDefault(host, new TreeMap<>()).remove(vm);
                    index.release(vm, host);
                }
                case 6 -> {
                    naive.held
                            .computeIfAbsent(host, absent -> new HashMap<>())
                            .computeIfAbsent(device, absent -> new HashSet<>())
                            .add(vm);
                    index.hold(host, device, vm);
                }
                case 7 -> {
                    naive.held
                            .getOrDefault(host, new HashMap<>())
                            .getOrDefault(device, new HashSet<>())
                            .remove(vm);
                    index.letGo(host, device, vm);
                }
                default -> {
                    Candidate candidate = randomVm();
                    index.place(candidate).ifPresent(leg -> claim(candidate, leg));
                }
            }
        }

        private void claim(Candidate vm, Placement.Leg leg) {
            Map<String, String> labels = random.nextBoolean() ? Map.of("app", "db") : Map.of();
            naive.claims
                    .computeIfAbsent(leg.host(), absent -> new TreeMap<>())
                    .put(vm.name(), new HostClaims.Claim(leg, vm.spec().memoryBytes(), labels));
            index.claim(vm.name(), leg, vm.spec().memoryBytes(), labels);
        }

        private HostStanding randomHost(String name) {
            HostMaker maker = host(name).label("zone", "z" + random.nextInt(3)).label("serial", name);
            if (random.nextInt(3) == 0) {
                maker.label("fleet/pool", "p" + random.nextInt(2));
            }
            switch (random.nextInt(3)) {
                case 0 -> maker.nodes((random.nextInt(4) + 2) * GIB, (random.nextInt(4) + 2) * GIB);
                case 1 -> maker.nodes(8 * GIB);
                default -> maker.memory((random.nextInt(8) + 4) * GIB);
            }
            if (random.nextInt(4) == 0) {
                maker.registers(PlacementFixtures.DOES_NOT_NEST);
            }
            switch (random.nextInt(4)) {
                case 0 -> maker.alike(2, GPU, 0).alike(2, GPU, 1);
                case 1 -> maker.functions(2, random.nextInt(2)).functions(1, 0);
                case 2 -> {
                    for (int i = 0; i < 5; i++) {
                        maker.device(PlacementFixtures.device(
                                i,
                                random.nextInt(4),
                                random.nextBoolean() ? GPU : NIC,
                                random.nextInt(2),
                                random.nextInt(8) == 0 ? "nvme" : "vfio-pci"));
                    }
                }
                default -> maker.alike(1, NIC, 1).alike(3, GPU, random.nextInt(2));
            }
            boolean well = random.nextInt(3) > 0;
            return new HostStanding(
                    maker.make(),
                    well || random.nextBoolean(),
                    well || random.nextBoolean(),
                    !well && random.nextBoolean(),
                    well || random.nextBoolean() ? Optional.empty() : Optional.of("broken"),
                    random.nextInt(4) == 0 ? Set.of(random.nextInt(4)) : Set.of(),
                    well || random.nextBoolean() ? Optional.empty() : Optional.of("silent"));
        }

        private Candidate randomVm() {
            VmMaker maker = vm("v" + random.nextInt(20)).memory((random.nextInt(4) + 1) * GIB);
            switch (random.nextInt(5)) {
                case 0, 1 -> maker.gpus(random.nextInt(3) + 1);
                case 2 -> maker.gpus(1).devices(random.nextInt(2) + 1, any(NIC));
                case 3 -> maker.devices(random.nextInt(2) + 1, any(NIC));
                default -> maker.devices(1, at(bdf(random.nextInt(5)))).gpus(random.nextInt(2));
            }
            if (random.nextInt(3) == 0) {
                maker.spread(random.nextBoolean() ? "zone" : "rack");
            }
            if (random.nextInt(3) == 0) {
                maker.pack();
            }
            if (random.nextInt(4) == 0) {
                maker.avoiding("app", "db");
            }
            if (random.nextInt(4) == 0) {
                maker.pool("p" + random.nextInt(2));
            }
            if (random.nextInt(5) == 0) {
                maker.labels(Map.of("zone", "z0"));
            }
            if (random.nextInt(5) == 0) {
                maker.on("h1", "h2", "h" + random.nextInt(9));
            } else if (random.nextInt(6) == 0) {
                maker.on("h" + random.nextInt(9));
            }
            maker.numa(List.of(PlacementRules.Numa.values()).get(random.nextInt(3)));
            return maker.make();
        }

        private void compare(Candidate vm) {
            Optional<Placement.Leg> leg = index.place(vm);
            assertThat(leg.map(Placement.Leg::host))
                    .as("seed %d: %s with %s", seed, vm.name(), vm.spec().placement())
                    .isEqualTo(naive.place(vm));
            leg.ifPresent(found -> checkLeg(vm, found));
            List<HostVerdict> verdicts = index.verdicts(vm);
            for (HostVerdict verdict : verdicts) {
                assertThat(verdict.feasible())
                        .as("seed %d: %s on %s: %s", seed, vm.name(), verdict.host(), verdict.reason())
                        .isEqualTo(naive.takes(vm, known(verdict.host())));
            }
            assertThat(index.counts(vm)).as("seed %d", seed).isEqualTo(counted(verdicts));
        }

        private static VerdictCounts counted(List<HostVerdict> verdicts) {
            Map<Obstacle, Integer> counts = new EnumMap<>(Obstacle.class);
            verdicts.forEach(verdict -> verdict.obstacle().ifPresent(one -> counts.merge(one, 1, Integer::sum)));
            return new VerdictCounts(
                    verdicts.size(),
                    (int) verdicts.stream().filter(HostVerdict::feasible).count(),
                    counts);
        }

        private HostStanding known(String name) {
            return Objects.requireNonNull(naive.hosts.get(name), "a host that was put");
        }

        private void checkLeg(Candidate vm, Placement.Leg leg) {
            HostStanding host = known(leg.host());
            Set<Bdf> used = new HashSet<>();
            List<HostDevice> taken = new ArrayList<>();
            vm.guests().forEach(guest -> {
                HostDevice device = host.inventory().devices().stream()
                        .filter(one -> one.bdf().equals(leg.devices().get(guest.id())))
                        .findFirst()
                        .orElseThrow();
                assertThat(used.add(device.bdf())).as("seed %d", seed).isTrue();
                assertThat(naive.isFree(vm, host, device)).as("seed %d", seed).isTrue();
                assertThat(naive.serves(vm, host, guest, device))
                        .as("seed %d", seed)
                        .isTrue();
                assertThat(taken).as("seed %d", seed).noneMatch(other -> NaivePlacement.related(other, device));
                taken.add(device);
            });
            Map<Integer, Long> nodes = host.inventory().numaMemoryBytes();
            assertThat(leg.memoryByNode().values().stream()
                            .mapToLong(Long::longValue)
                            .sum())
                    .as("seed %d", seed)
                    .isEqualTo(nodes.isEmpty() ? 0 : vm.spec().memoryBytes());
            if (vm.spec().placement().numa() == PlacementRules.Numa.SINGLE) {
                assertThat(leg.memoryByNode()).as("seed %d", seed).hasSize(1);
            }
        }

        /** Hosts and claims put in another order, or copied, give the same answers. */
        private void sameInAnyOrder() {
            List<Runnable> order = new ArrayList<>();
            HostIndex other = new HostIndex(new HostFeasibility());
            naive.hosts.values().forEach(host -> order.add(() -> other.put(host)));
            naive.claims.forEach((host, claims) -> claims.forEach(
                    (vm, claim) -> order.add(() -> other.claim(vm, claim.leg(), claim.memoryBytes(), claim.labels()))));
            naive.held.forEach((host, devices) ->
                    devices.forEach((device, vms) -> vms.forEach(vm -> order.add(() -> other.hold(host, device, vm)))));
            Collections.shuffle(order, random);
            order.forEach(Runnable::run);
            HostIndex fork = index.fork();
            for (int i = 0; i < 20; i++) {
                Candidate vm = randomVm();
                Optional<Placement.Leg> leg = index.place(vm);
                assertThat(other.place(vm)).as("seed %d", seed).isEqualTo(leg);
                assertThat(fork.place(vm)).as("seed %d", seed).isEqualTo(leg);
            }
        }
    }
}
