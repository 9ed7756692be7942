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
 * @param fencedBoots lives of the host that are over: what they held is free, and no agent of theirs is admitted again
 * @param lost why the host counts as lost; empty while it does not
 * @param groupFailures by iommu group, how often in a row an attach failed by the device's own fault
 */
public record HostState(
        String host,
        Optional<Admitted> admitted,
        List<String> fenced,
        boolean cordoned,
        Optional<String> quarantine,
        List<Integer> quarantinedGroups,
        Optional<Baseline> baseline,
        Optional<HostDrift> drift,
        List<String> fencedBoots,
        Optional<String> lost,
        Map<Integer, Integer> groupFailures)
        implements FleetRecord {
    public HostState {
        fenced = List.copyOf(fenced);
        quarantinedGroups = List.copyOf(quarantinedGroups);
        fencedBoots = List.copyOf(fencedBoots);
        groupFailures = Map.copyOf(groupFailures);
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
                Optional.empty(),
                List.of(),
                Optional.empty(),
                Map.of());
    }

    /** The same with another life admitted; a host that is back is lost no longer. */
    public HostState admitting(Admitted life, List<String> nowFenced) {
        return new HostState(
                host,
                Optional.of(life),
                nowFenced,
                cordoned,
                quarantine,
                quarantinedGroups,
                baseline,
                drift,
                fencedBoots,
                Optional.empty(),
                groupFailures);
    }

    /** The same with another baseline, and what the step to it changed. */
    public HostState comparedWith(Baseline latest, Optional<HostDrift> found) {
        return new HostState(
                host,
                admitted,
                fenced,
                cordoned,
                quarantine,
                quarantinedGroups,
                Optional.of(latest),
                found,
                fencedBoots,
                lost,
                groupFailures);
    }

    /** The same, taking new VMs or not. */
    public HostState cordoned(boolean nowCordoned) {
        return new HostState(
                host,
                admitted,
                fenced,
                nowCordoned,
                quarantine,
                quarantinedGroups,
                baseline,
                drift,
                fencedBoots,
                lost,
                groupFailures);
    }

    /** The same with another quarantine, of the host or of its groups. */
    public HostState quarantined(Optional<String> whole, List<Integer> groups, Map<Integer, Integer> failures) {
        return new HostState(
                host, admitted, fenced, cordoned, whole, groups, baseline, drift, fencedBoots, lost, failures);
    }

    /** The same with its present life fenced: no agent is admitted, and what its boot held is free. */
    public HostState losing(String why, List<String> nowFenced, List<String> nowFencedBoots) {
        return new HostState(
                host,
                Optional.empty(),
                nowFenced,
                cordoned,
                quarantine,
                quarantinedGroups,
                baseline,
                drift,
                nowFencedBoots,
                Optional.of(why),
                groupFailures);
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
