package io.viommufleet.agent.iommufd.system;

import static io.viommufleet.agent.iommufd.system.Errno.EFAULT;
import static io.viommufleet.agent.iommufd.system.PageMath.addOverflows;
import static io.viommufleet.agent.iommufd.system.PageMath.below;
import static io.viommufleet.agent.iommufd.system.PageMath.pageOf;

import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** The virtual memory of a process: mappings that do not overlap, and how many of its pages are locked and pinned. */
public final class AddressSpace {
    private final TreeMap<Long, Mapping> mappings = new TreeMap<>(Long::compareUnsigned);
    private boolean gone;
    private long lockedPages;
    private long pinnedPages;

    /** Maps an object; what was mapped there must have been unmapped before. */
    public void map(Mapping mapping) {
        mappings.put(mapping.start(), mapping);
    }

    /** Removes every page that touches {@code [start, start + length)}, splitting mappings at its ends. */
    public void unmap(long start, long lengthBytes) {
        long first = pageOf(start);
        long last = pageOf(start + lengthBytes - 1) + PageMath.PAGE_SIZE - 1;
        for (Mapping found = overlapping(first, last); found != null; found = overlapping(first, last)) {
            mappings.remove(found.start());
            if (below(found.start(), first)) {
                map(new Mapping(
                        found.start(), first - found.start(), found.object(), found.offset(), found.writable()));
            }
            if (below(last, found.last())) {
                long after = last + 1;
                map(new Mapping(after, found.last() - last, found.object(), found.offsetOf(after), found.writable()));
            }
        }
    }

    /** The mapping that holds {@code address}, or null. */
    public @Nullable Mapping at(long address) {
        Map.Entry<Long, Mapping> entry = gone ? null : mappings.floorEntry(address);
        return entry == null || below(entry.getValue().last(), address) ? null : entry.getValue();
    }

    /** The most that is physically contiguous of any mapping that {@code [first, last]} touches, in bytes; 1 where nothing is mapped. */
    public long contiguousBytes(long first, long last) {
        long most = 1;
        for (Mapping found = overlapping(first, last); found != null; found = overlapping(first, found.start() - 1)) {
            most = Math.max(most, found.object().contiguousBytes());
            if (!below(first, found.start())) {
                break;
            }
        }
        return gone ? 1 : most;
    }

    /** Whether every page from {@code address} on for {@code lengthBytes} can be pinned, for writing if asked. */
    public boolean canPin(long address, long lengthBytes, boolean write) {
        if (gone || addOverflows(address, lengthBytes - 1)) {
            return false;
        }
        long last = address + lengthBytes - 1;
        long cursor = address;
        while (true) {
            Mapping mapping = at(cursor);
            if (mapping == null || (write && !mapping.writable())) {
                return false;
            }
            if (!below(mapping.last(), last)) {
                return true;
            }
            cursor = mapping.last() + 1;
        }
    }

    /** Copies from the address space, as copy_from_user: EFAULT if any byte is unmapped. */
    public void read(long address, byte[] target) throws KernelFailure {
        for (int done = 0; done < target.length; ) {
            Mapping mapping = at(address + done);
            if (mapping == null) {
                throw EFAULT.failure();
            }
            int piece = piece(mapping, address + done, target.length - done);
            mapping.object().read(mapping.offsetOf(address + done), target, done, piece);
            done += piece;
        }
    }

    /** Copies into the address space, as copy_to_user: what precedes a bad byte is written, then EFAULT. */
    public void write(long address, byte[] source) throws KernelFailure {
        for (int done = 0; done < source.length; ) {
            Mapping mapping = at(address + done);
            if (mapping == null || !mapping.writable()) {
                throw EFAULT.failure();
            }
            int piece = piece(mapping, address + done, source.length - done);
            mapping.object().write(mapping.offsetOf(address + done), source, done, piece);
            done += piece;
        }
    }

    /** The process has exited: nothing can be pinned through it any more. */
    public void exit() {
        gone = true;
    }

    /** Pages that count against the limit of this address space (RLIMIT_MODE 1). */
    public long lockedPages() {
        return lockedPages;
    }

    /** Pages that iommufd has pinned, in every accounting mode. */
    public long pinnedPages() {
        return pinnedPages;
    }

    /** Adds to (or takes from) the locked pages. */
    public void addLocked(long pages) {
        lockedPages += pages;
    }

    /** Adds to (or takes from) the pinned pages. */
    public void addPinned(long pages) {
        pinnedPages += pages;
    }

    private static int piece(Mapping mapping, long address, int wanted) {
        long available = mapping.last() - address + 1;
        return below(available, wanted) ? (int) available : wanted;
    }

    private @Nullable Mapping overlapping(long first, long last) {
        Map.Entry<Long, Mapping> entry = mappings.floorEntry(last);
        return entry == null || below(entry.getValue().last(), first) ? null : entry.getValue();
    }
}
