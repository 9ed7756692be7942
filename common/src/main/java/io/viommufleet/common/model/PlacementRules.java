package io.viommufleet.common.model;

import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Where a VM may run.
 *
 * @param hosts the only hosts allowed; empty for any. Exactly one is a pin: feasibility is not filtered, the attach decides
 * @param labels that a host must carry
 * @param spread the host label whose values the VMs are spread over
 * @param strategy which of the hosts that are alike otherwise
 * @param numa whether devices and memory are to be on one NUMA node
 * @param antiAffinity labels of other VMs that a host must not have; empty for none
 * @param pool the pool of hosts; empty for the hosts that are in none
 */
public record PlacementRules(
        List<String> hosts,
        Map<String, String> labels,
        Optional<String> spread,
        Strategy strategy,
        Numa numa,
        Map<String, String> antiAffinity,
        Optional<String> pool) {
    /** No constraint at all. */
    public static final PlacementRules ANYWHERE = onHosts(List.of());

    public PlacementRules {
        hosts = List.copyOf(hosts);
        labels = Map.copyOf(labels);
        antiAffinity = Map.copyOf(antiAffinity);
    }

    /** Those hosts, and no other constraint. */
    public static PlacementRules onHosts(List<String> hosts) {
        return new PlacementRules(
                hosts, Map.of(), Optional.empty(), Strategy.SPREAD, Numa.PREFER, Map.of(), Optional.empty());
    }

    /** The same for other hosts. */
    public PlacementRules withHosts(List<String> only) {
        return new PlacementRules(only, labels, spread, strategy, numa, antiAffinity, pool);
    }

    /** Whether exactly one host is named. */
    public boolean pinned() {
        return hosts.size() == 1;
    }

    /** Which of the hosts that are alike otherwise. */
    public enum Strategy {
        /** The one with the fewest devices in use. */
        SPREAD,
        /** The one with the fewest devices left, so that others stay whole. */
        PACK
    }

    /** Whether devices and memory are to be on one NUMA node. */
    public enum Numa {
        ANY,
        /** Where it can be had. */
        PREFER,
        /** Or the host does not take the VM. */
        SINGLE
    }
}
