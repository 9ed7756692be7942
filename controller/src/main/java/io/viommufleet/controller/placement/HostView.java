package io.viommufleet.controller.placement;

import io.viommufleet.common.model.Bdf;
import io.viommufleet.common.model.HostInventory;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * A host as placement sees it.
 *
 * @param inventory of the admitted agent
 * @param admitted whether an agent of this boot is admitted
 * @param live whether it was heard of lately
 * @param cordoned takes no new VMs
 * @param quarantine why the host takes no work, where it does not
 * @param quarantinedGroups iommu groups that take none
 * @param holders which VM holds each claimed device
 * @param claimedMemoryBytes guest RAM of the VMs that are here
 */
public record HostView(
        HostInventory inventory,
        boolean admitted,
        boolean live,
        boolean cordoned,
        Optional<String> quarantine,
        Set<Integer> quarantinedGroups,
        Map<Bdf, String> holders,
        long claimedMemoryBytes) {
    public HostView {
        quarantinedGroups = Set.copyOf(quarantinedGroups);
        holders = Map.copyOf(holders);
    }

    /** The host's name. */
    public String name() {
        return inventory.metadata().name();
    }
}
