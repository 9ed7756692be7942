package io.viommufleet.agent.iommufd.driver;

import io.viommufleet.agent.iommufd.system.BitWords;
import java.util.Arrays;
import java.util.Collections;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;

/**
 * Which pages of a domain DMA has written. Its unit is the smallest page of the domain, so that a bitmap of such pages is made of the same words. Sparse:
 * memory that stays clean takes no room.
 */
public final class DirtyLog {
    /** Chunks are as large as this because reading all of them goes at the speed of memory only while the processor can tell what comes next. */
    private static final int CHUNK_SHIFT = 19;

    private static final int CHUNK_WORDS = 1 << (CHUNK_SHIFT - BitWords.WORD_SHIFT);
    private static final int LAST_IN_CHUNK = (1 << CHUNK_SHIFT) - 1;

    private final TreeMap<Long, long[]> chunks = new TreeMap<>();
    private final int unitShift;
    private boolean tracking;

    /** Takes the words of a log one stretch after the other, in ascending order. */
    @FunctionalInterface
    public interface Reader {
        /** Takes {@code words[from]} up to before {@code words[to]}, of which the first bit stands for {@code unit}; they must not be changed. */
        void read(long unit, long[] words, int from, int to);
    }

    /** A clean log of a domain whose smallest page has {@code unitBytes}, a power of two. */
    public DirtyLog(long unitBytes) {
        this.unitShift = Long.numberOfTrailingZeros(unitBytes);
    }

    /** log2 of the bytes of a unit. */
    public int unitShift() {
        return unitShift;
    }

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
        long lastUnit = last >>> unitShift;
        long unit = start >>> unitShift;
        while (unit <= lastUnit) {
            long pieceLast = Math.min(unit | LAST_IN_CHUNK, lastUnit);
            long[] chunk = chunks.computeIfAbsent(unit >>> CHUNK_SHIFT, index -> new long[CHUNK_WORDS]);
            BitWords.set(chunk, (int) unit & LAST_IN_CHUNK, (int) pieceLast & LAST_IN_CHUNK);
            unit = pieceLast + 1;
        }
    }

    /** Clears every unit that {@code [start, last]} touches. */
    public void clear(long start, long last) {
        long firstUnit = start >>> unitShift;
        long lastUnit = last >>> unitShift;
        var within = chunksFrom(firstUnit, lastUnit).entrySet().iterator();
        while (within.hasNext()) {
            var chunk = within.next();
            int first = firstIn(chunk, firstUnit);
            int end = lastIn(chunk, lastUnit);
            if (first == 0 && end == LAST_IN_CHUNK) {
                within.remove();
            } else {
                BitWords.clear(chunk.getValue(), first, end);
            }
        }
    }

    /** The IOVA of the first dirty unit that {@code [start, last]} touches, or -1. */
    public long nextDirty(long start, long last) {
        long firstUnit = start >>> unitShift;
        long lastUnit = last >>> unitShift;
        for (var chunk : chunksFrom(firstUnit, lastUnit).entrySet()) {
            int found = BitWords.nextSet(chunk.getValue(), firstIn(chunk, firstUnit), lastIn(chunk, lastUnit));
            if (found >= 0) {
                return (firstUnitOf(chunk) + found) << unitShift;
            }
        }
        return -1;
    }

    /** Reads every dirty unit that {@code [start, last]} touches; words that hold none may be left out. */
    public void read(long start, long last, Reader reader) {
        long firstUnit = start >>> unitShift;
        long lastUnit = last >>> unitShift;
        for (var chunk : chunksFrom(firstUnit, lastUnit).entrySet()) {
            int first = firstIn(chunk, firstUnit);
            int end = lastIn(chunk, lastUnit);
            if (first == 0 && end == LAST_IN_CHUNK) {
                reader.read(firstUnitOf(chunk), chunk.getValue(), 0, CHUNK_WORDS);
            } else {
                readPart(chunk, first, end, reader);
            }
        }
    }

    private static void readPart(Map.Entry<Long, long[]> chunk, int first, int last, Reader reader) {
        int from = BitWords.wordOf(first);
        long[] part = Arrays.copyOfRange(chunk.getValue(), from, BitWords.wordOf(last) + 1);
        part[0] &= BitWords.maskFrom(first);
        part[part.length - 1] &= BitWords.maskTo(last);
        reader.read(firstUnitOf(chunk) + ((long) from << BitWords.WORD_SHIFT), part, 0, part.length);
    }

    private NavigableMap<Long, long[]> chunksFrom(long firstUnit, long lastUnit) {
        return firstUnit > lastUnit
                ? Collections.emptyNavigableMap()
                : chunks.subMap(firstUnit >>> CHUNK_SHIFT, true, lastUnit >>> CHUNK_SHIFT, true);
    }

    private static long firstUnitOf(Map.Entry<Long, long[]> chunk) {
        return chunk.getKey() << CHUNK_SHIFT;
    }

    private static int firstIn(Map.Entry<Long, long[]> chunk, long firstUnit) {
        return (int) Math.max(firstUnit - firstUnitOf(chunk), 0);
    }

    private static int lastIn(Map.Entry<Long, long[]> chunk, long lastUnit) {
        return (int) Math.min(lastUnit - firstUnitOf(chunk), LAST_IN_CHUNK);
    }
}
