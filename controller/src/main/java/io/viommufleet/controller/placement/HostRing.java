package io.viommufleet.controller.placement;

import java.util.Collection;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.function.Predicate;

/** Hosts of one class that have one stock left, in the order of a stable hash of their names. */
final class HostRing {
    private final HostStock stock;
    private final NavigableMap<Position, IndexedHost> hosts = new TreeMap<>();

    HostRing(HostStock stock) {
        this.stock = stock;
    }

    /**
     * Where a host stands on the ring.
     *
     * @param hash unsigned
     * @param name decides between hosts of one hash
     */
    record Position(long hash, String name) implements Comparable<Position> {
        /** Where a VM begins to look. */
        static Position startOf(long vmHash) {
            return new Position(vmHash, "");
        }

        @Override
        public int compareTo(Position other) {
            int byHash = Long.compareUnsigned(hash, other.hash);
            return byHash != 0 ? byHash : name.compareTo(other.name);
        }
    }

    HostStock stock() {
        return stock;
    }

    Collection<IndexedHost> hosts() {
        return hosts.values();
    }

    void add(IndexedHost host) {
        hosts.put(host.position(), host);
    }

    void remove(IndexedHost host) {
        hosts.remove(host.position());
    }

    /** The first host from a VM's place on. */
    IndexedHost firstFrom(long vmHash) {
        Map.Entry<Position, IndexedHost> next = hosts.ceilingEntry(Position.startOf(vmHash));
        return (next == null ? hosts.firstEntry() : next).getValue();
    }

    /** Goes once round, from a VM's place on, until a host ends it by false. */
    void goRound(long vmHash, Predicate<IndexedHost> goOn) {
        Position start = Position.startOf(vmHash);
        for (IndexedHost host : hosts.tailMap(start, true).values()) {
            if (!goOn.test(host)) {
                return;
            }
        }
        for (IndexedHost host : hosts.headMap(start, false).values()) {
            if (!goOn.test(host)) {
                return;
            }
        }
    }
}
