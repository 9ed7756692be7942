package io.viommufleet.controller.placement;

import java.util.EnumMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Counts the first obstacles of all hosts to a VM, by classes and rings where these decide. */
final class HostCensus {
    private final HostCatalog catalog;
    private final Candidate vm;
    private final VmProfile profile;
    private final Set<String> own;
    private final Map<Obstacle, Integer> obstacles = new EnumMap<>(Obstacle.class);
    private int feasible;

    /**
     * @param own hosts where the VM has something already: its own stock does not count against it there
     */
    HostCensus(HostCatalog catalog, Candidate vm, VmProfile profile, Set<String> own) {
        this.catalog = catalog;
        this.vm = vm;
        this.profile = profile;
        this.own = own;
    }

    VerdictCounts counts() {
        List<String> named = vm.spec().placement().hosts();
        if (named.isEmpty()) {
            catalog.classes().forEach(this::count);
        } else {
            Set<String> known = new HashSet<>();
            for (String name : named) {
                catalog.find(name).filter(host -> known.add(name)).ifPresent(this::count);
            }
            count(Obstacle.NOT_ALLOWED, catalog.size() - known.size());
        }
        return new VerdictCounts(catalog.size(), feasible, obstacles);
    }

    /** Counts the hosts besides the VM's own. */
    Reach reach() {
        int able = 0;
        List<String> named = vm.spec().placement().hosts();
        if (named.isEmpty()) {
            for (HostClass hostClass : catalog.classes()) {
                able += profile.onEmpty(vm, hostClass).isEmpty() ? hostClass.working() : 0;
            }
            able -= (int) own.stream().filter(this::isAble).count();
        } else {
            able = (int) named.stream()
                    .distinct()
                    .filter(name -> !own.contains(name) && isAble(name))
                    .count();
        }
        int now = counts().feasible()
                - (int) own.stream()
                        .flatMap(name -> catalog.find(name).stream())
                        .filter(host -> HostJudge.obstacle(vm, host, profile).isEmpty())
                        .count();
        return new Reach(able, now);
    }

    private boolean isAble(String name) {
        return catalog.find(name)
                .filter(host -> host.standing().obstacle().isEmpty())
                .filter(host -> profile.onEmpty(vm, catalog.classOf(host)).isEmpty())
                .isPresent();
    }

    private void count(Obstacle obstacle, int hosts) {
        obstacles.merge(obstacle, hosts, Integer::sum);
    }

    private void count(IndexedHost host) {
        HostJudge.obstacle(vm, host, profile).ifPresentOrElse(obstacle -> count(obstacle, 1), () -> feasible++);
    }

    private void count(HostClass hostClass) {
        Optional<Obstacle> onEmpty = profile.onEmpty(vm, hostClass);
        if (onEmpty.filter(obstacle -> obstacle.before(Obstacle.LOST)).isPresent()) {
            count(onEmpty.get(), hostClass.size());
            return;
        }
        hostClass.idle().forEach(this::count);
        boolean settled = onEmpty.filter(obstacle -> obstacle.before(Obstacle.ANTI_AFFINITY))
                .isPresent();
        boolean rulesUnknown = onEmpty.filter(Obstacle.RULES_UNKNOWN::equals).isPresent();
        if (settled && (rulesUnknown || !profile.vmClass().byAddress())) {
            count(onEmpty.get(), hostClass.working());
        } else {
            hostClass.rings().forEach(ring -> count(hostClass, ring));
        }
    }

    private void count(HostClass hostClass, HostRing ring) {
        boolean plain = !profile.vmClass().byAddress()
                && !ring.stock().quarantine()
                && vm.spec().placement().antiAffinity().isEmpty();
        boolean none = plain && !profile.ofLayout(vm, hostClass).slots().mayBeServedFrom(ring.stock());
        if (none) {
            List<IndexedHost> mine = own.stream()
                    .flatMap(name -> catalog.find(name).stream())
                    .filter(host -> host.standing().obstacle().isEmpty())
                    .filter(host -> catalog.classOf(host).equals(hostClass)
                            && host.stock().equals(ring.stock()))
                    .toList();
            mine.forEach(this::count);
            count(Obstacle.NO_FREE_DEVICE, ring.hosts().size() - mine.size());
        } else {
            ring.hosts().forEach(this::count);
        }
    }
}
