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
 */
public record PlacementRules(List<String> hosts, Map<String, String> labels, Optional<String> spread) {
    /** No constraint at all. */
    public static final PlacementRules ANYWHERE = new PlacementRules(List.of(), Map.of(), Optional.empty());

    public PlacementRules {
        hosts = List.copyOf(hosts);
        labels = Map.copyOf(labels);
    }

    /** Whether exactly one host is named. */
    public boolean pinned() {
        return hosts.size() == 1;
    }
}
