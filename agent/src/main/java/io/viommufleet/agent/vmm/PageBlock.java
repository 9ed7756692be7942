package io.viommufleet.agent.vmm;

import io.viommufleet.common.model.GuestStep.IovaSpan;

/**
 * A naturally aligned block of 2^n pages, the unit of a page-selective invalidation.
 *
 * @param start first address
 * @param pages how many, a power of two
 */
record PageBlock(long start, long pages) {
    private static final int PAGE_SHIFT = 12;

    /** The smallest block that covers a range. */
    static PageBlock covering(IovaSpan span) {
        long different = (span.start() ^ span.last()) >>> PAGE_SHIFT;
        int bits = Long.SIZE - Long.numberOfLeadingZeros(different);
        long start = span.start() >>> PAGE_SHIFT >>> bits << bits << PAGE_SHIFT;
        return new PageBlock(start, 1L << bits);
    }
}
