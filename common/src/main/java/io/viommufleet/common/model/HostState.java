package io.viommufleet.common.model;

import java.util.List;
import java.util.Optional;

/**
 * What the controller holds of a host: which of its agents' lives is admitted, and whether it takes work.
 *
 * @param host the host
 * @param admitted the incarnation that gets commands, with its boot; empty before the first
 * @param fenced incarnations that are refused for ever
 * @param cordoned no new placements
 * @param quarantine why the host takes no work, where it does not
 * @param quarantinedGroups iommu groups that failed to reset or detach
 */
public record HostState(
        String host,
        Optional<Admitted> admitted,
        List<String> fenced,
        boolean cordoned,
        Optional<String> quarantine,
        List<Integer> quarantinedGroups)
        implements FleetRecord {
    public HostState {
        fenced = List.copyOf(fenced);
        quarantinedGroups = List.copyOf(quarantinedGroups);
    }

    @Override
    public FleetTopic topic() {
        return FleetTopic.HOST_STATE;
    }

    @Override
    public String key() {
        return host;
    }

    /** One life of an agent in one life of its host. */
    public record Admitted(String boot, String incarnation) {}
}
