package io.viommufleet.common.model;

import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What a user asks for: the configuration that decides, and everything around it that does not.
 *
 * @param configuration machine, vIOMMUs, guest topology and devices, in QEMU's words as written
 * @param memoryBytes guest RAM; all of it is pinned by passthrough
 * @param matches by guest device id: which host device may serve it; one entry for every device
 * @param placement where the VM may run
 * @param onHostLoss what happens when its host is lost
 * @param strict makes every want that QEMU itself would let go unmet infeasible
 * @param rulesVersion the decision rules asked for, or empty for the default at admission
 * @param deleted the user wants this VM gone; a whole record, never a tombstone
 * @param guest what the guest does once all devices are attached; decides nothing
 */
public record VmSpec(
        ConfigurationSpec configuration,
        long memoryBytes,
        Map<String, DeviceMatch> matches,
        PlacementRules placement,
        OnHostLoss onHostLoss,
        boolean strict,
        Optional<String> rulesVersion,
        boolean deleted,
        List<GuestStep> guest) {
    /** Most steps that a script has. */
    public static final int MAX_GUEST_STEPS = 256;

    public VmSpec {
        if (memoryBytes <= 0) {
            throw new IllegalArgumentException("memory is %d bytes; it must be positive".formatted(memoryBytes));
        }
        matches = Map.copyOf(matches);
        guest = List.copyOf(guest);
        if (guest.size() > MAX_GUEST_STEPS) {
            throw new IllegalArgumentException(
                    "the guest has %d steps; at most %d are run".formatted(guest.size(), MAX_GUEST_STEPS));
        }
    }

    /** The same VM, no longer wanted. */
    public VmSpec asDeleted() {
        return new VmSpec(
                configuration, memoryBytes, matches, placement, onHostLoss, strict, rulesVersion, true, guest);
    }

    /** The same VM under other rules of placement. */
    public VmSpec placedBy(PlacementRules rules) {
        return new VmSpec(configuration, memoryBytes, matches, rules, onHostLoss, strict, rulesVersion, deleted, guest);
    }

    /** What happens to a VM whose host is lost. */
    public enum OnHostLoss {
        /** Nothing is detached or moved; the VM waits for its host. */
        WAIT,
        /** The VM moves once the host's lease has run out. */
        EVACUATE
    }
}
