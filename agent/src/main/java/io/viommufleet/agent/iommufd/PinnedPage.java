package io.viommufleet.agent.iommufd;

import io.viommufleet.agent.iommufd.system.AddressSpace;
import io.viommufleet.agent.iommufd.system.Mapping;
import io.viommufleet.agent.iommufd.system.MemoryObject;
import io.viommufleet.agent.iommufd.system.PageMath;
import org.jspecify.annotations.Nullable;

/**
 * A page that an access has pinned.
 *
 * @param object that holds the page, null when it cannot be told
 * @param offset of the page in the object
 */
public record PinnedPage(@Nullable MemoryObject object, long offset) {
    /** Whether it is the page at an address of a process. */
    public boolean isAt(AddressSpace memory, long address) {
        Mapping mapping = memory.at(address);
        return mapping != null && mapping.object() == object && mapping.offsetOf(address) == offset;
    }

    /** Whether {@code next} lies directly behind this page in physical memory. */
    public boolean isFollowedBy(PinnedPage next) {
        return object != null
                && object == next.object
                && next.offset == offset + PageMath.PAGE_SIZE
                && next.offset % object.contiguousBytes() != 0;
    }
}
