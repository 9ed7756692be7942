package io.viommufleet.common.feasibility;

import java.util.Map;
import java.util.Set;

/**
 * A VM that shall move.
 *
 * @param source where it runs
 * @param target where it shall run
 * @param memoryBytes guest RAM
 * @param strict wants that QEMU would let go unmet count as infeasible on the target
 * @param resolvedValues values that its first attach froze, by property path; the target must keep them
 * @param selfTracking devices, by guest id, whose own driver tracks what they write
 * @param policy what the VMM lets pass
 */
public record MigrationRequest(
        MigrationSide source,
        MigrationSide target,
        long memoryBytes,
        boolean strict,
        Map<String, String> resolvedValues,
        Set<String> selfTracking,
        Policy policy) {
    /** Keeps copies. */
    public MigrationRequest {
        resolvedValues = Map.copyOf(resolvedValues);
        selfTracking = Set.copyOf(selfTracking);
    }

    /**
     * What the VMM lets pass.
     *
     * @param behindViommu whether a device behind a vIOMMU may migrate when its IOMMU tracks dirty pages (QEMU from 2026 on); before, none may
     * @param demanded vfio-pci's enable-migration=on: an obstacle is an error at start, and missing dirty tracking only a warning. With auto it is a
     *     blocker
     */
    public record Policy(boolean behindViommu, boolean demanded) {
        /** The newest VMM with its defaults. */
        public static final Policy DEFAULT = new Policy(true, false);
    }
}
