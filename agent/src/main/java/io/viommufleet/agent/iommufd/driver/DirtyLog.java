package io.viommufleet.agent.iommufd.driver;

import java.util.HashMap;
import java.util.Map;

/**
 * Which pages of a domain DMA has written, in units of 2 KiB, the smallest IO page of any driver here. Sparse: memory that stays clean takes no room.
 */
public final class DirtyLog {
    /** log2 of the unit. */
    public static final int UNIT_SHIFT = 11;

    private static final int CHUNK_WORDS = 512;
    private static final int CHUNK_SHIFT = 15;

    private final Map<Long, long[]> chunks = new HashMap<>();
    private boolean tracking;

    /** Whether HWPT_SET_DIRTY_TRACKING turned tracking on. */
    public boolean tracking() {
        return tracking;
    }

    /** Turns tracking on or off. */
    public void setTracking(boolean on) {
        tracking = on;
    }

    /** Forgets everything. */
    public void clear() {
        chunks.clear();
    }

    /** Marks every unit that {@code [start, last]} touches. */
    public void mark(long start, long last) {
        long lastUnit = last >>> UNIT_SHIFT;
        for (long unit = start >>> UNIT_SHIFT; unit <= lastUnit; unit++) {
            long[] chunk = chunks.computeIfAbsent(unit >>> CHUNK_SHIFT, index -> new long[CHUNK_WORDS]);
            chunk[word(unit)] |= 1L << unit;
        }
    }

    /** Clears every unit that {@code [start, last]} touches. */
    public void clear(long start, long last) {
        for (long unit = nextDirty(start, last); unit >= 0; unit = nextDirty((unit + 1) << UNIT_SHIFT, last)) {
            long[] chunk = chunks.get(unit >>> CHUNK_SHIFT);
            if (chunk != null) {
                chunk[word(unit)] &= ~(1L << unit);
            }
        }
    }

    /** The number of the first dirty unit in {@code [start, last]}, or -1. */
    public long nextDirty(long start, long last) {
        long lastUnit = last >>> UNIT_SHIFT;
        long unit = start >>> UNIT_SHIFT;
        while (unit <= lastUnit && Long.compareUnsigned(start, last) <= 0) {
            long[] chunk = chunks.get(unit >>> CHUNK_SHIFT);
            if (chunk == null) {
                unit = ((unit >>> CHUNK_SHIFT) + 1) << CHUNK_SHIFT;
                continue;
            }
            long rest = chunk[word(unit)] >>> unit;
            if (rest != 0) {
                long found = unit + Long.numberOfTrailingZeros(rest);
                return found <= lastUnit ? found : -1;
            }
            unit = ((unit >>> 6) + 1) << 6;
        }
        return -1;
    }

    private static int word(long unit) {
        return (int) (unit >>> 6) & (CHUNK_WORDS - 1);
    }
}
