package io.viommufleet.agent.vmm;

import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/**
 * A guest's VT-d state in scalable mode, and what each PASID entry means for the host (QEMU vtd_replay_pasid_bindings_all).
 *
 * @param enabled whether DMA remapping is on (GSTS.TES)
 * @param entries PASID entries of all devices
 */
record VtdTables(boolean enabled, Map<PasidKey, PasidEntry> entries) {
    /** Remapping off and every table empty, as after a reset. */
    static final VtdTables RESET = new VtdTables(false, Map.of());

    private static final Comparator<PasidKey> ORDER =
            Comparator.comparing(PasidKey::device).thenComparingInt(PasidKey::pasid);

    /** Keeps a copy. */
    VtdTables {
        entries = Map.copyOf(entries);
    }

    /** Which PASID entry. */
    record PasidKey(String device, int pasid) {}

    /** A PASID entry by its translation type. */
    sealed interface PasidEntry {
        /** First-stage translation through the table at a guest-physical address. */
        record FirstStage(long table) implements PasidEntry {}

        /** Pass-through. */
        record PassThrough() implements PasidEntry {}

        /** One that was present and is not any more. */
        record Removed() implements PasidEntry {}
    }

    /** Where a device or PASID has to be on the host. */
    sealed interface Place {
        /** On the HWPT of the attach. */
        record Parent() implements Place {}

        /** On a nested HWPT for the guest's table. */
        record Nested(long table) implements Place {}

        /** Nowhere: its DMA is blocked. */
        record Nowhere() implements Place {}
    }

    /** With remapping on or off. Turning it off forgets the entries that were removed. */
    VtdTables withEnabled(boolean on) {
        Map<PasidKey, PasidEntry> next = new HashMap<>(entries);
        if (!on) {
            next.values().removeIf(PasidEntry.Removed.class::isInstance);
        }
        return new VtdTables(on, next);
    }

    /** With an entry written. */
    VtdTables with(PasidKey key, PasidEntry entry) {
        Map<PasidKey, PasidEntry> next = new HashMap<>(entries);
        next.put(key, entry);
        return new VtdTables(enabled, next);
    }

    /** With all entries of a device removed that are present. */
    VtdTables without(String device) {
        Map<PasidKey, PasidEntry> next = new HashMap<>(entries);
        next.replaceAll((key, entry) -> key.device().equals(device) ? new PasidEntry.Removed() : entry);
        return new VtdTables(enabled, next);
    }

    /** With a device gone. */
    VtdTables forgetting(String device) {
        Map<PasidKey, PasidEntry> next = new HashMap<>(entries);
        next.keySet().removeIf(key -> key.device().equals(device));
        return new VtdTables(enabled, next);
    }

    Optional<PasidEntry> entry(PasidKey key) {
        return Optional.ofNullable(entries.get(key));
    }

    /**
     * What changes on the host between this state and another, by device and PASID. An entry that goes blocks its device while remapping is on, and
     * otherwise leaves it on its parent. A device that never had an entry stays where it is.
     */
    Map<PasidKey, Place> changesTo(VtdTables next) {
        Map<PasidKey, Place> changes = new TreeMap<>(ORDER);
        Set<PasidKey> keys = new HashSet<>(entries.keySet());
        keys.addAll(next.entries.keySet());
        for (PasidKey key : keys) {
            Place place = next.place(key);
            if (!place.equals(place(key))) {
                changes.put(key, place);
            }
        }
        return changes;
    }

    private Place place(PasidKey key) {
        PasidEntry entry = entries.get(key);
        if (!enabled || entry == null) {
            return key.pasid() == 0 ? new Place.Parent() : new Place.Nowhere();
        }
        return switch (entry) {
            case PasidEntry.FirstStage(long table) -> new Place.Nested(table);
            case PasidEntry.PassThrough _ -> new Place.Parent();
            case PasidEntry.Removed _ -> new Place.Nowhere();
        };
    }
}
