package io.viommufleet.controller.placement;

import io.viommufleet.common.model.Placement;
import io.viommufleet.common.model.PlacementRules;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** One search for the host that a VM prefers among those that take it. */
final class HostSearch {
    private final HostCatalog catalog;
    private final Candidate vm;
    private final VmProfile profile;
    private final Set<String> own;
    private final Set<String> avoided;
    private final PlacementRules rules;
    private final boolean pack;
    private final long vmHash;
    private @Nullable Found best;

    /**
     * How much a host is preferred; the least is the best.
     *
     * @param spread VMs under the host's value of the label that the VM is spread over
     * @param level devices in use, or left for a VM that packs
     * @param distance on the ring, unsigned
     * @param name where all else is equal
     */
    private record Rank(int spread, int level, long distance, String name) implements Comparable<Rank> {
        @Override
        public int compareTo(Rank other) {
            int byLevel = compareLevel(other.spread, other.level);
            int byDistance = Long.compareUnsigned(distance, other.distance);
            return byLevel != 0 ? byLevel : byDistance != 0 ? byDistance : name.compareTo(other.name);
        }

        /** Compares without regard to the ring. */
        int compareLevel(int otherSpread, int otherLevel) {
            int bySpread = Integer.compare(spread, otherSpread);
            return bySpread != 0 ? bySpread : Integer.compare(level, otherLevel);
        }
    }

    private record Found(Rank rank, Placement.Leg leg) {}

    /**
     * @param own hosts where the VM has something already; they are left to {@link #consider}
     * @param avoided hosts that are not asked
     */
    HostSearch(HostCatalog catalog, Candidate vm, VmProfile profile, Set<String> own, Set<String> avoided) {
        this.catalog = catalog;
        this.vm = vm;
        this.profile = profile;
        this.own = own;
        this.avoided = avoided;
        this.rules = vm.spec().placement();
        this.pack = rules.strategy() == PlacementRules.Strategy.PACK;
        this.vmHash = StableHash.of(vm.name());
    }

    Optional<Placement.Leg> best() {
        return Optional.ofNullable(best).map(Found::leg);
    }

    /** Asks one host, if it is known. */
    void consider(String name) {
        catalog.find(name)
                .filter(host -> !avoided.contains(name))
                .filter(host ->
                        HostJudge.beforeFit(vm, host, profile.on(vm, host)).isEmpty())
                .ifPresent(host -> tryOn(host, rank(host)));
    }

    /** Goes through the rings of every class that could take the VM. */
    void searchRings() {
        for (HostClass hostClass : catalog.classes()) {
            if (hostClass.working() > 0 && profile.onEmpty(vm, hostClass).isEmpty()) {
                search(hostClass);
            }
        }
    }

    private void search(HostClass hostClass) {
        int spread = rules.spread()
                .map(label -> spread(label, hostClass.label(label)))
                .orElse(0);
        int devices = hostClass.layout().size();
        GuestChoices choices = profile.ofLayout(vm, hostClass).slots();
        NavigableMap<Integer, Map<HostStock, HostRing>> levels =
                pack ? hostClass.levels().descendingMap() : hostClass.levels();
        for (Map.Entry<Integer, Map<HostStock, HostRing>> level : levels.entrySet()) {
            int left = devices - level.getKey();
            int rank = pack ? left : level.getKey();
            if (best != null && best.rank().compareLevel(spread, rank) < 0) {
                return;
            }
            if (left >= vm.guests().size()) {
                for (HostRing ring : level.getValue().values()) {
                    search(ring, choices, spread, rank);
                }
            }
        }
    }

    private void search(HostRing ring, GuestChoices choices, int spread, int level) {
        boolean hopeless = best != null && best.rank().compareTo(rank(ring.firstFrom(vmHash), spread, level)) < 0;
        if (!hopeless && choices.mayBeServedFrom(ring.stock())) {
            ring.goRound(vmHash, host -> goOn(host, rank(host, spread, level)));
        }
    }

    /** Tries a host that takes work and is of a class that could take the VM; false where no later one can be preferred. */
    private boolean goOn(IndexedHost host, Rank rank) {
        if (best != null && best.rank().compareTo(rank) < 0) {
            return false;
        }
        boolean leftOut = own.contains(host.name()) || avoided.contains(host.name());
        return leftOut || host.freeBytes(vm.name()) < vm.spec().memoryBytes() || !tryOn(host, rank);
    }

    /** Fits the VM into a host that nothing else keeps it from; true where the host is the best so far. */
    private boolean tryOn(IndexedHost host, Rank rank) {
        if (best != null && best.rank().compareTo(rank) <= 0) {
            return false;
        }
        VmProfile.Choices choices = profile.on(vm, host);
        if (choices.obstacle().isEmpty()
                && new HostFit(vm, host, choices.slots()).answer() instanceof HostFit.Answer.Fits(Placement.Leg leg)) {
            best = new Found(rank, leg);
            return true;
        }
        return false;
    }

    private Rank rank(IndexedHost host) {
        int spread =
                rules.spread().map(label -> spread(label, host.label(label))).orElse(0);
        return rank(host, spread, pack ? host.left() : host.used());
    }

    private Rank rank(IndexedHost host, int spread, int level) {
        return new Rank(spread, level, host.distanceFrom(vmHash), host.name());
    }

    /** Without the VM itself, where it is under that value already. */
    private int spread(String label, String value) {
        if (own.isEmpty()) {
            return catalog.spread(label, value);
        }
        int itself = (int) own.stream()
                .flatMap(name -> catalog.find(name).stream())
                .filter(host -> host.label(label).equals(value)
                        && host.claims().claims().containsKey(vm.name()))
                .count();
        return catalog.spread(label, value) - itself;
    }
}
