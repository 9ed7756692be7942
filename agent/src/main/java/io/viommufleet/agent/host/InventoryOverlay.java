package io.viommufleet.agent.host;

import io.viommufleet.common.model.HostInventory;

/** What somebody says about a host beyond what its sysfs shows, and instead of it where both say something. */
@FunctionalInterface
public interface InventoryOverlay {
    /** Says nothing. */
    InventoryOverlay NONE = scanned -> scanned;

    /**
     * The scanned inventory with what is said put over it, and the sources of it.
     *
     * @throws io.viommufleet.common.FleetException if it cannot be read, or contradicts itself
     */
    HostInventory over(HostInventory scanned);
}
