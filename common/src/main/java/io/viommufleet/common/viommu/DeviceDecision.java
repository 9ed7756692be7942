package io.viommufleet.common.viommu;

import java.util.Collections;
import java.util.EnumSet;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;

/**
 * What was decided for one passthrough device.
 *
 * @param id the device
 * @param flags what its vIOMMU tells VFIO, in the order of {@link ViommuFlag}; empty without a vIOMMU
 * @param followsFrom the fields of the canonical configuration that the answer followed from, in the order in which
 *     they were consulted
 * @param viommu the index of the vIOMMU that governs it in the canonical configuration; empty if none does
 * @param bypass whether its root bus bypasses vIOMMUs
 * @param aliased whether a conventional bus on its way up makes it share another's requester id
 */
public record DeviceDecision(
        String id,
        Set<ViommuFlag> flags,
        List<ConfigurationField> followsFrom,
        OptionalInt viommu,
        boolean bypass,
        boolean aliased) {
    public DeviceDecision {
        EnumSet<ViommuFlag> ordered = EnumSet.noneOf(ViommuFlag.class);
        ordered.addAll(flags);
        flags = Collections.unmodifiableSet(ordered);
        followsFrom = List.copyOf(followsFrom);
    }

    /** Whether the device's HWPT must be a nesting parent. */
    public boolean nestingParent() {
        return flags.contains(ViommuFlag.WANT_NESTING_PARENT);
    }
}
