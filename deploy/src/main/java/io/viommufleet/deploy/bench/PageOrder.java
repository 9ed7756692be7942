package io.viommufleet.deploy.bench;

import java.util.Random;

/** Page-aligned addresses in random order, the same in every run. */
final class PageOrder {
    private static final long SEED = 20_260_101;
    private static final int PAGE_SHIFT = 12;

    private PageOrder() {}

    /** Every even page below {@code 2 * count}: those that hold an area throughout. */
    static long[] held(int count) {
        return shuffled(count, 0);
    }

    /** Every odd page below {@code 2 * count}: those that are mapped and unmapped. */
    static long[] free(int count) {
        return shuffled(count, 1);
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
