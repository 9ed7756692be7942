package io.viommufleet.common.feasibility;

import io.viommufleet.common.model.Bdf;
import io.viommufleet.common.model.HostInventory;
import io.viommufleet.common.viommu.Decision;
import java.util.Map;

/**
 * One end of a migration.
 *
 * @param decision of the VM there
 * @param host where it runs or shall run
 * @param devices host device by guest device id
 */
public record MigrationSide(Decision.Decided decision, HostInventory host, Map<String, Bdf> devices) {
    /** Keeps a copy. */
    public MigrationSide {
        devices = Map.copyOf(devices);
    }
}
