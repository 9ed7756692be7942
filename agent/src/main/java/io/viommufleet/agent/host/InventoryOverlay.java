package io.viommufleet.agent.host;

import io.viommufleet.common.model.HostInventory;

/** What somebody says about a host beyond what its sysfs shows. Where both say something they must agree. */
@FunctionalInterface
public interface InventoryOverlay {
    /** Says nothing. */
    InventoryOverlay NONE = scanned -> scanned;

    /**
     * The scanned inventory with what is said added, and the sources of it.
     *
     * @throws io.viommufleet.common.FleetException if it cannot be read, or contradicts what was scanned
     */
    HostInventory over(HostInventory scanned);
}
