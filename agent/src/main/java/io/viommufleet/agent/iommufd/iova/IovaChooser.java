package io.viommufleet.agent.iommufd.iova;

import static io.viommufleet.agent.iommufd.system.Errno.EINVAL;
import static io.viommufleet.agent.iommufd.system.Errno.ENOSPC;
import static io.viommufleet.agent.iommufd.system.Errno.EOVERFLOW;
import static io.viommufleet.agent.iommufd.system.PageMath.HUGE_PAGE_SIZE;
import static io.viommufleet.agent.iommufd.system.PageMath.PAGE_SIZE;
import static io.viommufleet.agent.iommufd.system.PageMath.addOverflows;
import static io.viommufleet.agent.iommufd.system.PageMath.below;
import static io.viommufleet.agent.iommufd.system.PageMath.min;
import static io.viommufleet.agent.iommufd.system.PageMath.offsetInPage;

import io.viommufleet.agent.iommufd.system.KernelFailure;
import java.util.List;
import java.util.function.LongFunction;
import org.jspecify.annotations.Nullable;

/**
 * The kernel's choice of an IOVA (IOMMU_IOAS_MAP without FIXED_IOVA): the lowest hole that fits, with the alignment of the memory kept as far as the
 * length makes it worth, up to a huge page, and the offset within the page always.
 *
 * @param nextUsed the lowest taken range that ends at or above an address, or null
 * @param allowed windows to search in ascending order; empty for everything between the first and the last page
 * @param required alignment that the IOVA space demands
 */
record IovaChooser(LongFunction<@Nullable IovaRange> nextUsed, List<IovaRange> allowed, long required) {
    private static final IovaRange EVERYTHING = new IovaRange(PAGE_SIZE, -1L - PAGE_SIZE);

    long choose(long addressHint, long lengthBytes) throws KernelFailure {
        if (lengthBytes == 0 || !below(lengthBytes, -1L >>> 1)) {
            throw EOVERFLOW.failure();
        }
        long alignment = alignmentFor(addressHint, lengthBytes);
        if (alignment < required) {
            throw EINVAL.failure();
        }
        Request request = new Request(lengthBytes, alignment, offsetInPage(addressHint));
        if (allowed.isEmpty()) {
            return search(EVERYTHING, request);
        }
        for (IovaRange window : allowed) {
            long found = below(window.last(), EVERYTHING.start()) || below(EVERYTHING.last(), window.start())
                    ? 0
                    : searchOrZero(clip(window), request);
            if (found != 0) {
                return found;
            }
        }
        throw ENOSPC.failure();
    }

    private static long alignmentFor(long addressHint, long lengthBytes) {
        long ofLength = lengthBytes == 1 ? 1 : Long.highestOneBit(lengthBytes - 1) << 1;
        long wanted = addressHint == 0 ? ofLength : min(ofLength, Long.lowestOneBit(addressHint));
        return min(wanted, HUGE_PAGE_SIZE);
    }

    private static IovaRange clip(IovaRange window) {
        long start = below(window.start(), EVERYTHING.start()) ? EVERYTHING.start() : window.start();
        return new IovaRange(start, min(window.last(), EVERYTHING.last()));
    }

    private long search(IovaRange window, Request request) throws KernelFailure {
        long found = searchOrZero(window, request);
        if (found == 0) {
            throw ENOSPC.failure();
        }
        return found;
    }

    /** IOVA 0 is never chosen, so it can stand for "none here". */
    private long searchOrZero(IovaRange window, Request request) {
        long cursor = request.firstIn(window.start(), window.last());
        if (cursor == 0) {
            return 0;
        }
        while (!below(window.last(), cursor)) {
            IovaRange used = nextUsed.apply(cursor);
            boolean openEnd = used == null || below(window.last(), used.start());
            if (used == null || below(cursor, used.start())) {
                long holeLast = openEnd || used == null ? window.last() : used.start() - 1;
                long found = request.firstIn(cursor, holeLast);
                if (found != 0) {
                    return found;
                }
            }
            if (openEnd || used == null || used.last() == -1L) {
                return 0;
            }
            cursor = used.last() + 1;
        }
        return 0;
    }

    private record Request(long lengthBytes, long alignment, int pageOffset) {
        /** The lowest fitting IOVA in {@code [start, last]}, or 0. */
        long firstIn(long start, long last) {
            if (addOverflows(start, alignment - 1)) {
                return 0;
            }
            long candidate = ((start + alignment - 1) & -alignment) | pageOffset;
            boolean fits = below(candidate, last) && !below(last - candidate, lengthBytes - 1);
            return fits ? candidate : 0;
        }
    }
}
