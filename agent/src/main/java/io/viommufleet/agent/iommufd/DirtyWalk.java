package io.viommufleet.agent.iommufd;

import static io.viommufleet.agent.iommufd.system.PageMath.max;
import static io.viommufleet.agent.iommufd.system.PageMath.min;

import io.viommufleet.agent.iommufd.driver.DirtyLog;
import io.viommufleet.agent.iommufd.iova.IovaRange;
import io.viommufleet.agent.iommufd.system.KernelFailure;
import io.viommufleet.agent.iommufd.system.UserBuffer;

/**
 * One reading of a dirty log into a bitmap. It follows the areas from the first IOVA on and ends at the first gap; a bitmap that cannot be written is
 * skipped. The ioctl succeeds in both cases, as the kernel's does.
 */
final class DirtyWalk {
    private static final int WINDOW_BYTES = 4096;
    private static final long BITS_PER_WINDOW = (long) WINDOW_BYTES * Byte.SIZE;

    private final HwptPaging hwpt;
    private final DirtyLog log;
    private final long base;
    private final int bitShift;
    private final UserBuffer bitmap;
    private final boolean clears;
    private byte[] window = new byte[0];
    private long windowIndex = -1;

    DirtyWalk(HwptPaging hwpt, DirtyLog log, long base, long pageSizeBytes, UserBuffer bitmap, boolean clears) {
        this.hwpt = hwpt;
        this.log = log;
        this.base = base;
        this.bitShift = Long.numberOfTrailingZeros(pageSizeBytes);
        this.bitmap = bitmap;
        this.clears = clears;
    }

    void walk(long last) {
        MappedArea area = hwpt.ioas().areaAt(base);
        while (area != null && Long.compareUnsigned(area.start(), last) <= 0) {
            readArea(max(area.start(), base), min(area.last(), last), last);
            area = hwpt.ioas().space().adjacentTo(area);
        }
        flush();
    }

    /** Reads the entries that touch {@code [first, areaLast]}: of an entry that reaches beyond, the dirty unit may lie outside. */
    private void readArea(long first, long areaLast, long last) {
        IovaRange firstEntry = hwpt.entryAt(first);
        IovaRange lastEntry = hwpt.entryAt(areaLast);
        long from = firstEntry == null ? first : firstEntry.start();
        long to = lastEntry == null ? areaLast : lastEntry.last();
        long unit = log.nextDirty(from, to);
        while (unit >= 0) {
            long at = unit << DirtyLog.UNIT_SHIFT;
            IovaRange entry = hwpt.entryAt(max(at, first));
            long entryLast = entry == null ? at : entry.last();
            long entryStart = entry == null ? at : entry.start();
            record(max(entryStart, first), min(entryLast, last), last);
            if (clears) {
                log.clear(entryStart, entryLast);
            }
            unit = entryLast == -1L ? -1 : log.nextDirty(entryLast + 1, to);
        }
    }

    private void record(long from, long to, long last) {
        long lastBit = (to - base) >>> bitShift;
        for (long bit = (from - base) >>> bitShift; Long.compareUnsigned(bit, lastBit) <= 0; bit++) {
            long index = Long.divideUnsigned(bit, BITS_PER_WINDOW);
            if (index != windowIndex) {
                flush();
                load(index, last);
            }
            int within = (int) (bit - index * BITS_PER_WINDOW);
            if (window.length > 0) {
                window[within >>> 3] |= (byte) (1 << (within & 7));
            }
        }
    }

    private void load(long index, long last) {
        windowIndex = index;
        long bytes = ((last - base) >>> (bitShift + 3)) + 1;
        window = new byte[(int) Math.min(WINDOW_BYTES, bytes - index * WINDOW_BYTES)];
        try {
            bitmap.read(index * WINDOW_BYTES, window);
        } catch (KernelFailure unreadable) {
            window = new byte[0];
        }
    }

    private void flush() {
        if (windowIndex < 0 || window.length == 0) {
            return;
        }
        try {
            bitmap.write(windowIndex * WINDOW_BYTES, window);
        } catch (KernelFailure unwritable) {
            windowIndex = -1;
        }
    }
}
