package io.viommufleet.controller.placement;

import java.util.Collection;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Objects;
import java.util.TreeMap;

/**
 * Hosts that are alike to every VM until something is claimed of them: one layout, one value for each label that any VM asks
 * for. Those that take work stand in rings, one for each stock that is left, so that the next host for a VM is found without
 * looking at the others.
 */
final class HostClass {
    private final Key key;
    private final HostLayout layout;
    private final HostStanding sample;
    private final NavigableMap<Integer, Map<HostStock, HostRing>> levels = new TreeMap<>();
    private final Map<String, HostRing> ringOf = new HashMap<>();
    private final Map<Obstacle, Integer> idle = new EnumMap<>(Obstacle.class);
    private int size;

    /**
     * What makes two hosts one class.
     *
     * @param layout by identity: layouts are interned
     * @param labels those that some VM asked for, where the host has them
     */
    record Key(HostLayout layout, Map<String, String> labels) {}

    HostClass(Key key, IndexedHost first) {
        this.key = key;
        this.layout = first.layout();
        this.sample = HostStanding.ready(first.inventory());
    }

    Key key() {
        return key;
    }

    HostLayout layout() {
        return layout;
    }

    /** The value of a label that some VM asked for; empty text without. */
    String label(String name) {
        return key.labels().getOrDefault(name, "");
    }

    /** A host of the class. */
    HostStanding sample() {
        return sample;
    }

    /** A host of the class that takes work and has everything left. */
    IndexedHost pristine() {
        return new IndexedHost(sample, layout, new HostClaims());
    }

    void add(IndexedHost host) {
        size++;
        host.standing()
                .obstacle()
                .ifPresentOrElse(obstacle -> idle.merge(obstacle, 1, Integer::sum), () -> enter(host));
    }

    /** Takes a host out, by the standing that it came in with. */
    void remove(IndexedHost host) {
        size--;
        host.standing()
                .obstacle()
                .ifPresentOrElse(obstacle -> idle.merge(obstacle, -1, Integer::sum), () -> leave(host));
    }

    /** Moves a host to where it belongs now that its claims have changed. */
    void move(IndexedHost host) {
        host.refresh();
        if (host.standing().obstacle().isEmpty()) {
            leave(host);
            enter(host);
        }
    }

    private void enter(IndexedHost host) {
        HostStock stock = host.stock();
        HostRing ring =
                levels.computeIfAbsent(stock.used(), absent -> new HashMap<>()).computeIfAbsent(stock, HostRing::new);
        ring.add(host);
        ringOf.put(host.name(), ring);
    }

    private void leave(IndexedHost host) {
        HostRing ring = Objects.requireNonNull(ringOf.remove(host.name()), "a host that takes work is in a ring");
        ring.remove(host);
        if (ring.hosts().isEmpty()) {
            Map<HostStock, HostRing> level =
                    Objects.requireNonNull(levels.get(ring.stock().used()));
            level.remove(ring.stock());
            if (level.isEmpty()) {
                levels.remove(ring.stock().used());
            }
        }
    }

    int size() {
        return size;
    }

    /** How many hosts take work. */
    int working() {
        return ringOf.size();
    }

    /** How many do not, by the reason. */
    Map<Obstacle, Integer> idle() {
        return idle;
    }

    /** The rings by the number of devices in use, from few to many. */
    NavigableMap<Integer, Map<HostStock, HostRing>> levels() {
        return levels;
    }

    /** Every ring. */
    Iterable<HostRing> rings() {
        return levels.values().stream()
                .map(Map::values)
                .flatMap(Collection::stream)
                .toList();
    }
}
