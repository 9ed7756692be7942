package io.viommufleet.agent.iommufd;

import static io.viommufleet.agent.iommufd.system.Errno.EFAULT;
import static io.viommufleet.agent.iommufd.system.Errno.EINVAL;
import static io.viommufleet.agent.iommufd.system.Errno.EOVERFLOW;

import io.viommufleet.agent.iommufd.system.KernelFailure;
import io.viommufleet.agent.iommufd.system.Mapping;
import io.viommufleet.agent.iommufd.system.MemoryObject;
import io.viommufleet.agent.iommufd.system.PageMath;
import io.viommufleet.agent.iommufd.system.UserProcess;
import org.jspecify.annotations.Nullable;

/** Where the pages of a mapping come from. Positions are addresses for a process and offsets for a file. */
sealed interface PageSource {
    /** Whether the pages from {@code position} on can be pinned: EFAULT or EINVAL if not, EOVERFLOW for the last page that an address can name. */
    void checkPin(long position, long lengthBytes, boolean write) throws KernelFailure;

    /** The memory behind a position, or null when there is none. */
    @Nullable
    Backing backing(long position);

    /** The most that is physically contiguous of any memory that {@code [first, last]} touches, in bytes; 1 where there is none. */
    long contiguousBytes(long first, long last);

    /**
     * A place in a memory object.
     *
     * @param object that holds the page
     * @param offset in the object
     */
    record Backing(MemoryObject object, long offset) {
        /** Whether both are the same byte of memory. */
        boolean same(Backing other) {
            return object == other.object && offset == other.offset;
        }
    }

    /**
     * Virtual memory of the process that mapped it.
     *
     * @param process whose memory it is
     */
    record FromMemory(UserProcess process) implements PageSource {
        @Override
        public void checkPin(long position, long lengthBytes, boolean write) throws KernelFailure {
            if (PageMath.addOverflows(position, lengthBytes)) {
                throw EOVERFLOW.failure();
            }
            if (!process.memory().canPin(position, lengthBytes, write)) {
                throw EFAULT.failure();
            }
        }

        @Override
        public @Nullable Backing backing(long position) {
            Mapping mapping = process.memory().at(position);
            return mapping == null ? null : new Backing(mapping.object(), mapping.offsetOf(position));
        }

        @Override
        public long contiguousBytes(long first, long last) {
            return process.memory().contiguousBytes(first, last);
        }
    }

    /**
     * A file; only memfd and hugetlb files have pages to pin.
     *
     * @param memory of the file, null for any other kind of file
     */
    record FromFile(@Nullable MemoryObject memory) implements PageSource {
        @Override
        public void checkPin(long position, long lengthBytes, boolean write) throws KernelFailure {
            long end = PageMath.pageOf(position + lengthBytes + PageMath.PAGE_SIZE - 1);
            if (memory == null || PageMath.below(memory.sizeBytes(), end)) {
                throw EINVAL.failure();
            }
        }

        @Override
        public @Nullable Backing backing(long position) {
            return memory == null ? null : new Backing(memory, position);
        }

        @Override
        public long contiguousBytes(long first, long last) {
            return memory == null ? 1 : memory.contiguousBytes();
        }
    }

    /**
     * A dma-buf: device memory that is never pinned.
     *
     * @param buffer which one
     */
    record FromDmabuf(Dmabuf buffer) implements PageSource {
        @Override
        public void checkPin(long position, long lengthBytes, boolean write) {
            // nothing is pinned; a revoked buffer is simply not mapped
        }

        @Override
        public @Nullable Backing backing(long position) {
            return new Backing(buffer.memory(), position);
        }

        @Override
        public long contiguousBytes(long first, long last) {
            return buffer.memory().contiguousBytes();
        }
    }
}
