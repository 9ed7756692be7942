package io.viommufleet.agent.iommufd.system;

import org.jspecify.annotations.Nullable;

/**
 * A file that iommufd has no part in.
 *
 * @param memory pages of a memfd or hugetlb file, which can be pinned; null for every other kind
 */
public record RegularFile(@Nullable MemoryObject memory) implements OpenFile {
    @Override
    public void release() {
        // Its pages live on as long as they are mapped or pinned.
    }
}
