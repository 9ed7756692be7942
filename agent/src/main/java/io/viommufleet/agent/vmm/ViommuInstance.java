package io.viommufleet.agent.vmm;

import io.viommufleet.common.feasibility.AddressRange;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** What one vIOMMU of a VM holds: the host devices behind it by guest address, and the kernel objects of an accelerated SMMUv3. */
final class ViommuInstance {
    private final String path;
    private final Set<String> endpoints = new HashSet<>();
    private final Map<String, List<AddressRange>> reservedRanges = new HashMap<>();
    private @Nullable GuestIommu guest;
    private OptionalInt viommuObject = OptionalInt.empty();
    private OptionalInt abortHwpt = OptionalInt.empty();
    private OptionalInt bypassHwpt = OptionalInt.empty();

    ViommuInstance(int index) {
        this.path = "viommus[" + index + "]";
    }

    /** Path of the vIOMMU in the canonical configuration. */
    String path() {
        return path;
    }

    /** How its guest drives the host; empty before a device is behind it that can be driven. */
    Optional<GuestIommu> guest() {
        return Optional.ofNullable(guest);
    }

    /** The same, made by {@code maker} for the first device. */
    Optional<GuestIommu> guest(Supplier<Optional<GuestIommu>> maker) {
        if (guest == null) {
            guest = maker.get().orElse(null);
        }
        return guest();
    }

    Set<String> endpoints() {
        return endpoints;
    }

    /** What was reserved at an endpoint by an earlier host device; it outlives that device. */
    Optional<List<AddressRange>> reservedRanges(String endpoint) {
        return Optional.ofNullable(reservedRanges.get(endpoint));
    }

    void reserve(String endpoint, List<AddressRange> ranges) {
        reservedRanges.putIfAbsent(endpoint, ranges);
    }

    OptionalInt viommuObject() {
        return viommuObject;
    }

    void setViommuObject(OptionalInt id) {
        viommuObject = id;
    }

    OptionalInt abortHwpt() {
        return abortHwpt;
    }

    void setAbortHwpt(OptionalInt id) {
        abortHwpt = id;
    }

    OptionalInt bypassHwpt() {
        return bypassHwpt;
    }

    void setBypassHwpt(OptionalInt id) {
        bypassHwpt = id;
    }
}
