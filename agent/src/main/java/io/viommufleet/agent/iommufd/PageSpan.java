package io.viommufleet.agent.iommufd;

import static io.viommufleet.agent.iommufd.system.Errno.EFAULT;
import static io.viommufleet.agent.iommufd.system.Errno.EINVAL;
import static io.viommufleet.agent.iommufd.system.PageMath.PAGE_SIZE;
import static io.viommufleet.agent.iommufd.system.PageMath.max;
import static io.viommufleet.agent.iommufd.system.PageMath.min;
import static io.viommufleet.agent.iommufd.system.PageMath.offsetInPage;
import static io.viommufleet.agent.iommufd.system.PageMath.pageOf;

import io.viommufleet.agent.iommufd.system.KernelFailure;
import java.util.List;

/** The part of an area that a range covers, and the memory behind it. */
final class PageSpan {
    private PageSpan() {}

    /** First IOVA of the range inside the area. */
    static long first(MappedArea area, long rangeStart) {
        return max(area.start(), rangeStart);
    }

    /** Last IOVA of the range inside the area. */
    static long last(MappedArea area, long rangeLast) {
        return min(area.last(), rangeLast);
    }

    /** Adds every page that holds a byte of {@code [first, first + length)}. */
    static void collect(MappedArea area, long first, long length, List<PinnedPage> pages) {
        long position = pageOf(area.positionOf(first));
        long end = area.positionOf(first) + length;
        for (; Long.compareUnsigned(position, end) < 0; position += PAGE_SIZE) {
            PageSource.Backing backing = area.pages().source().backing(position);
            pages.add(backing == null ? new PinnedPage(null, 0) : new PinnedPage(backing.object(), backing.offset()));
        }
    }

    /** Copies what {@code data}, which begins at {@code iova}, has in the area. */
    static void copy(MappedArea area, long iova, long last, byte[] data, boolean write) throws KernelFailure {
        if (area.pages().isDmabuf()) {
            throw EINVAL.failure();
        }
        long cursor = first(area, iova);
        long end = last(area, last) + 1;
        while (cursor != end) {
            long position = area.positionOf(cursor);
            int piece = (int) Math.min(end - cursor, PAGE_SIZE - offsetInPage(position));
            area.pages()
                    .source()
                    .checkPin(position, piece, write && area.pages().isWritable());
            PageSource.Backing backing = area.pages().source().backing(position);
            if (backing == null) {
                throw EFAULT.failure();
            }
            int at = (int) (cursor - iova);
            if (write) {
                backing.object().write(backing.offset(), data, at, piece);
            } else {
                backing.object().read(backing.offset(), data, at, piece);
            }
            cursor += piece;
        }
    }
}
