package io.viommufleet.agent.iommufd;

import static io.viommufleet.agent.iommufd.system.PageMath.max;
import static io.viommufleet.agent.iommufd.system.PageMath.min;

import io.viommufleet.agent.iommufd.driver.DirtyLog;
import io.viommufleet.agent.iommufd.iova.IovaRange;
import io.viommufleet.agent.iommufd.system.UserBuffer;

/**
 * One reading of a dirty log into a bitmap. It follows the areas from the first IOVA on and ends at the first gap; a bitmap that cannot be written is
 * skipped. The ioctl succeeds in both cases, as the kernel's does.
 */
final class DirtyWalk {
    private final HwptPaging hwpt;
    private final DirtyLog log;
    private final long base;
    private final int bitShift;
    private final DirtyBitmap bitmap;
    private final boolean clears;

    DirtyWalk(HwptPaging hwpt, DirtyLog log, long base, long pageSizeBytes, UserBuffer bitmap, boolean clears) {
        this.hwpt = hwpt;
        this.log = log;
        this.base = base;
        this.bitShift = Long.numberOfTrailingZeros(pageSizeBytes);
        this.bitmap = new DirtyBitmap(bitmap);
        this.clears = clears;
    }

    void walk(long last) {
        MappedArea area = hwpt.ioas().areaAt(base);
        while (area != null && Long.compareUnsigned(area.start(), last) <= 0) {
            long first = max(area.start(), base);
            long areaLast = min(area.last(), last);
            if (bitShift == log.unitShift() && hwpt.hasSmallestEntriesOnly(area, first, areaLast)) {
                readWords(first, areaLast);
            } else {
                readEntries(first, areaLast, last);
            }
            area = hwpt.ioas().space().adjacentTo(area);
        }
    }

    /** Reads where entry, unit of the log and bit are the same: whole words at a time. */
    private void readWords(long first, long areaLast) {
        long baseUnit = base >>> bitShift;
        log.read(first, areaLast, (unit, words, from, to) -> bitmap.set(unit - baseUnit, words, from, to));
        if (clears) {
            log.clear(first, areaLast);
        }
    }

    /** Reads the entries that touch {@code [first, areaLast]}: of an entry that reaches beyond, the dirty unit may lie outside. */
    private void readEntries(long first, long areaLast, long last) {
        IovaRange firstEntry = hwpt.entryAt(first);
        IovaRange lastEntry = hwpt.entryAt(areaLast);
        long from = firstEntry == null ? first : firstEntry.start();
        long to = lastEntry == null ? areaLast : lastEntry.last();
        long at = log.nextDirty(from, to);
        while (at != -1) {
            IovaRange entry = hwpt.entryAt(max(at, first));
            long entryLast = entry == null ? at : entry.last();
            long entryStart = entry == null ? at : entry.start();
            record(max(entryStart, first), min(entryLast, last));
            if (clears) {
                log.clear(entryStart, entryLast);
            }
            at = entryLast == -1L ? -1 : log.nextDirty(entryLast + 1, to);
        }
    }

    private void record(long from, long to) {
        bitmap.set((from - base) >>> bitShift, (to - base) >>> bitShift);
    }
}
