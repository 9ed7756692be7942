package io.viommufleet.controller.placement;

import io.viommufleet.common.model.HostInventory;
import io.viommufleet.common.model.Policy;
import java.util.Optional;
import java.util.Set;

/**
 * A host and whether it takes work. What is claimed of it is not here: the {@link HostIndex} keeps that itself.
 *
 * @param inventory of the admitted agent
 * @param admitted whether an agent of this boot is admitted
 * @param live whether it was heard of lately
 * @param cordoned takes no new VMs
 * @param quarantine why the host takes no work, where it does not
 * @param quarantinedGroups iommu groups that take none
 * @param lost why the host counts as lost; empty while it does not
 */
public record HostStanding(
        HostInventory inventory,
        boolean admitted,
        boolean live,
        boolean cordoned,
        Optional<String> quarantine,
        Set<Integer> quarantinedGroups,
        Optional<String> lost) {
    public HostStanding {
        quarantinedGroups = Set.copyOf(quarantinedGroups);
    }

    /** A host that takes work. */
    public static HostStanding ready(HostInventory inventory) {
        return new HostStanding(inventory, true, true, false, Optional.empty(), Set.of(), Optional.empty());
    }

    /** The host's name. */
    public String name() {
        return inventory.metadata().name();
    }

    /** The pool that the host is in. */
    Optional<String> pool() {
        return Optional.ofNullable(inventory.metadata().labels().get(Policy.POOL_LABEL));
    }

    /** Why the host as a whole takes no work, the first that counts; empty where it does. */
    Optional<Obstacle> obstacle() {
        if (lost.isPresent()) {
            return Optional.of(Obstacle.LOST);
        }
        if (!admitted) {
            return Optional.of(Obstacle.NOT_ADMITTED);
        }
        if (quarantine.isPresent()) {
            return Optional.of(Obstacle.QUARANTINED);
        }
        if (cordoned) {
            return Optional.of(Obstacle.CORDONED);
        }
        return live ? Optional.empty() : Optional.of(Obstacle.SILENT);
    }
}
