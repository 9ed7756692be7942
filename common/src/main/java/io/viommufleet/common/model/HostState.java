package io.viommufleet.common.model;

import java.util.List;
import java.util.Map;
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
 * @param baseline what the admitted boot was last seen to be able to do, for the next boot to be compared with
 * @param drift what changed when this boot was admitted; empty where nothing did
 */
public record HostState(
        String host,
        Optional<Admitted> admitted,
        List<String> fenced,
        boolean cordoned,
        Optional<String> quarantine,
        List<Integer> quarantinedGroups,
        Optional<Baseline> baseline,
        Optional<HostDrift> drift)
        implements FleetRecord {
    public HostState {
        fenced = List.copyOf(fenced);
        quarantinedGroups = List.copyOf(quarantinedGroups);
    }

    /** A host of which nothing is held yet. */
    public static HostState unknown(String host) {
        return new HostState(
                host,
                Optional.empty(),
                List.of(),
                false,
                Optional.empty(),
                List.of(),
                Optional.empty(),
                Optional.empty());
    }

    /** The same with another life admitted. */
    public HostState admitting(Admitted life, List<String> nowFenced) {
        return new HostState(
                host, Optional.of(life), nowFenced, cordoned, quarantine, quarantinedGroups, baseline, drift);
    }

    /** The same with another baseline, and what the step to it changed. */
    public HostState comparedWith(Baseline latest, Optional<HostDrift> found) {
        return new HostState(
                host, admitted, fenced, cordoned, quarantine, quarantinedGroups, Optional.of(latest), found);
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

    /**
     * What a boot can do.
     *
     * @param boot which
     * @param capabilities in words, by name
     */
    public record Baseline(String boot, Map<String, String> capabilities) {
        public Baseline {
            capabilities = Map.copyOf(capabilities);
        }
    }
}
