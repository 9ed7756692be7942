package io.viommufleet.agent.vmm;

import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * A guest's SMMUv3 state, and what each stream table entry means for the host (QEMU smmuv3_accel_install_ste).
 *
 * @param enabled CR0.SMMUEN
 * @param gbpaAbort GBPA.ABORT: what happens to DMA while it is off
 * @param streams stream table entries that the guest wrote, by device
 */
record SmmuTables(boolean enabled, boolean gbpaAbort, Map<String, Stream> streams) {
    /** Off, passing DMA through, every table empty, as after a reset. */
    static final SmmuTables RESET = new SmmuTables(false, false, Map.of());

    /** Keeps a copy. */
    SmmuTables {
        streams = Map.copyOf(streams);
    }

    /** A stream table entry by its configuration. */
    sealed interface Stream {
        /**
         * Stage 1 translates.
         *
         * @param contexts guest-physical address of the context descriptors
         * @param maxPasid highest PASID with a descriptor that the guest uses
         */
        record Translate(long contexts, int maxPasid) implements Stream {}

        /** Passes DMA through. */
        record Bypass() implements Stream {}

        /** Aborts DMA. */
        record Abort() implements Stream {}
    }

    /** Where a device has to be on the host. */
    sealed interface Place {
        /** On the HWPT that all aborting devices share. */
        record SharedAbort() implements Place {}

        /** On the HWPT that all bypassing devices share. */
        record SharedBypass() implements Place {}

        /** On a nested HWPT for the guest's context descriptors. */
        record Nested(long contexts) implements Place {}
    }

    SmmuTables withEnabled(boolean on) {
        return new SmmuTables(on, gbpaAbort, streams);
    }

    SmmuTables withGbpaAbort(boolean abort) {
        return new SmmuTables(enabled, abort, streams);
    }

    /** With the entry of a device written. */
    SmmuTables with(String device, Stream stream) {
        Map<String, Stream> next = new HashMap<>(streams);
        next.put(device, stream);
        return new SmmuTables(enabled, gbpaAbort, next);
    }

    /** With a device gone. */
    SmmuTables forgetting(String device) {
        Map<String, Stream> next = new HashMap<>(streams);
        next.remove(device);
        return new SmmuTables(enabled, gbpaAbort, next);
    }

    Optional<Stream> stream(String device) {
        return Optional.ofNullable(streams.get(device));
    }

    /** Where the device is to be: by GBPA while the SMMU is off, and by its entry otherwise; without one its DMA is aborted. */
    Place place(String device) {
        if (!enabled) {
            return gbpaAbort ? new Place.SharedAbort() : new Place.SharedBypass();
        }
        return switch (streams.get(device)) {
            case null -> new Place.SharedAbort();
            case Stream.Abort _ -> new Place.SharedAbort();
            case Stream.Bypass _ -> new Place.SharedBypass();
            case Stream.Translate(long contexts, int _) -> new Place.Nested(contexts);
        };
    }
}
