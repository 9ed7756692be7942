package io.viommufleet.controller.placement;

import io.viommufleet.common.model.PlacementRules;
import io.viommufleet.common.model.Policy;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * The known hosts, divided into classes. Labels that no VM ever asked for do not divide them, so that a label with a value of
 * its own on each host costs nothing; once a VM asks for a new one, all hosts are divided anew.
 */
final class HostCatalog {
    private final VmProfiles profiles;
    private final Map<String, Entry> hosts = new HashMap<>();
    private final Interner<HostLayout.Key, HostLayout> layouts = new Interner<>();
    private final Map<HostClass.Key, HostClass> classes = new HashMap<>();
    private final TreeSet<String> labels = new TreeSet<>(Set.of(Policy.POOL_LABEL));
    private final SpreadCounts spread = new SpreadCounts();

    private record Entry(IndexedHost host, HostClass hostClass) {}

    HostCatalog(VmProfiles profiles) {
        this.profiles = profiles;
    }

    Optional<IndexedHost> find(String name) {
        return Optional.ofNullable(hosts.get(name)).map(Entry::host);
    }

    Collection<IndexedHost> hosts() {
        return hosts.values().stream().map(Entry::host).toList();
    }

    Collection<HostClass> classes() {
        return classes.values();
    }

    /** The class that a known host is in. */
    HostClass classOf(IndexedHost host) {
        return Objects.requireNonNull(hosts.get(host.name()), "a known host").hostClass();
    }

    int size() {
        return hosts.size();
    }

    /** How many VMs there are under a value of a label that was asked for by {@link #tellApart}. */
    int spread(String label, String value) {
        return spread.of(label, value);
    }

    void put(HostStanding standing, HostClaims claims) {
        Entry before = hosts.get(standing.name());
        HostLayout.Key key = before != null && before.host().inventory().equals(standing.inventory())
                ? before.host().layout().key()
                : HostLayout.Key.of(standing.inventory());
        put(standing, key, claims);
    }

    /** Takes over a host of another catalog. */
    void putCopy(IndexedHost host, HostClaims claims) {
        put(host.standing(), host.layout().key(), claims);
    }

    private void put(HostStanding standing, HostLayout.Key key, HostClaims claims) {
        HostLayout layout = layouts.acquire(key, HostLayout::new);
        remove(standing.name());
        IndexedHost host = new IndexedHost(standing, layout, claims);
        enter(host);
        spread.add(host, claims.claims().size());
    }

    void remove(String name) {
        Entry before = hosts.remove(name);
        if (before != null) {
            spread.add(before.host(), -before.host().claims().claims().size());
            leave(before);
            if (layouts.release(before.host().layout().key())) {
                profiles.forget(before.host().layout());
            }
        }
    }

    /** Changes the claims on a host, which need not be known. */
    void change(String name, Runnable change) {
        Entry entry = hosts.get(name);
        if (entry == null) {
            change.run();
            return;
        }
        int vms = entry.host().claims().claims().size();
        change.run();
        entry.hostClass().move(entry.host());
        spread.add(entry.host(), entry.host().claims().claims().size() - vms);
    }

    /** Sees to it that hosts of one class are alike to a VM with those rules. */
    void tellApart(PlacementRules rules) {
        rules.spread().filter(label -> !spread.knows(label)).ifPresent(label -> spread.begin(label, hosts()));
        boolean anew = labels.addAll(rules.labels().keySet());
        if (rules.spread().filter(labels::add).isPresent() || anew) {
            classes.clear();
            profiles.forgetClasses();
            hosts().forEach(this::enter);
        }
    }

    private void enter(IndexedHost host) {
        Map<String, String> values = new TreeMap<>(host.inventory().metadata().labels());
        values.keySet().retainAll(labels);
        HostClass hostClass =
                classes.computeIfAbsent(new HostClass.Key(host.layout(), values), key -> new HostClass(key, host));
        hostClass.add(host);
        hosts.put(host.name(), new Entry(host, hostClass));
    }

    private void leave(Entry entry) {
        entry.hostClass().remove(entry.host());
        if (entry.hostClass().size() == 0) {
            classes.remove(entry.hostClass().key());
            profiles.forget(entry.hostClass());
        }
    }
}
