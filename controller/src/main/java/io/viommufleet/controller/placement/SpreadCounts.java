package io.viommufleet.controller.placement;

import java.util.HashMap;
import java.util.Map;

/** How many VMs there are under each value of the labels that VMs are spread over. A host without the label counts as "". */
final class SpreadCounts {
    private final Map<String, Map<String, Integer>> byLabel = new HashMap<>();

    boolean knows(String label) {
        return byLabel.containsKey(label);
    }

    void begin(String label, Iterable<IndexedHost> hosts) {
        Map<String, Integer> counts = new HashMap<>();
        hosts.forEach(
                host -> counts.merge(host.label(label), host.claims().claims().size(), Integer::sum));
        byLabel.put(label, counts);
    }

    /** Adds VMs of a host, or takes them away. */
    void add(IndexedHost host, int vms) {
        byLabel.forEach((label, counts) -> counts.merge(host.label(label), vms, Integer::sum));
    }

    int of(String label, String value) {
        return byLabel.getOrDefault(label, Map.of()).getOrDefault(value, 0);
    }
}
