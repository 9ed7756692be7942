package io.viommufleet.common.feasibility;

import java.util.List;
import java.util.Optional;

/**
 * Where in the guest a device is, and what its vIOMMU holds there already.
 *
 * @param aliased whether a conventional bus makes it share another's requester id
 * @param occupied whether the vIOMMU has another host device at this guest address
 * @param reservedRanges what an earlier host device reserved there (virtio-iommu); empty before the first
 */
public record GuestEndpoint(boolean aliased, boolean occupied, Optional<List<AddressRange>> reservedRanges) {
    /** A guest address where nothing has been yet. */
    public static GuestEndpoint unused(boolean aliased) {
        return new GuestEndpoint(aliased, false, Optional.empty());
    }
}
