package io.viommufleet.deploy.bench;

import java.util.Random;

/**
 * Pages that are taken in random order and given back some time later. The order is the same in every run and never repeats itself within one, so that
 * no branch predictor learns it.
 */
final class PagePool {
    /** How many pages are out before the first of them comes back: enough that no index can answer from where it was last. */
    static final int IN_FLIGHT = 16;

    private static final long SEED = 20_260_101;
    private static final int PAGE_SHIFT = 12;

    private final long[] free;
    private final long[] out = new long[IN_FLIGHT];
    private int freeCount;
    private int oldest;
    private long random = SEED;

    /** The odd pages below {@code 2 * count}. */
    PagePool(int count) {
        free = shuffled(count, 1);
        freeCount = count - IN_FLIGHT;
        System.arraycopy(free, freeCount, out, 0, IN_FLIGHT);
    }

    /** The even pages below {@code 2 * count}, each once, in random order: none of them is ever in a pool. */
    static long[] others(int count) {
        return shuffled(count, 0);
    }

    /** The pages that are out at first, the oldest first. */
    long[] out() {
        return out.clone();
    }

    /** Takes a page. */
    long take() {
        random ^= random << 13;
        random ^= random >>> 7;
        random ^= random << 17;
        int index = (int) (((random >>> 32) * freeCount) >>> 32);
        long page = free[index];
        free[index] = free[--freeCount];
        return page;
    }

    /** Exchanges the page that was taken for the one that has been out longest, which is free again. */
    long exchange(long taken) {
        long page = out[oldest];
        out[oldest] = taken;
        oldest = (oldest + 1) % IN_FLIGHT;
        free[freeCount++] = page;
        return page;
    }

    private static long[] shuffled(int count, int parity) {
        long[] pages = new long[count];
        for (int index = 0; index < count; index++) {
            pages[index] = (2L * index + parity) << PAGE_SHIFT;
        }
        Random random = new Random(SEED + parity);
        for (int index = count - 1; index > 0; index--) {
            int other = random.nextInt(index + 1);
            long moved = pages[index];
            pages[index] = pages[other];
            pages[other] = moved;
        }
        return pages;
    }
}
