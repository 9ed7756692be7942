package io.viommufleet.agent.iommufd;

import static io.viommufleet.agent.iommufd.system.PageMath.PAGE_SHIFT;

import io.viommufleet.agent.iommufd.system.KernelFailure;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The memory of one IOAS_MAP, shared by the areas that IOAS_COPY made from it. A page is pinned as long as any area with a domain, or any access, covers
 * it, and charged once.
 */
final class Pages {
    private final PageSource source;
    private final long base;
    private final boolean writable;
    private PinAccount account;
    private @Nullable List<PinnedRange> pins;

    /** Memory from {@code base} on, a page-aligned position in {@code source}. */
    Pages(PageSource source, PinAccount account, long base, boolean writable) {
        this.source = source;
        this.account = account;
        this.base = base;
        this.writable = writable;
    }

    PageSource source() {
        return source;
    }

    boolean isWritable() {
        return writable;
    }

    /** Whether the memory is a file's, which lets it change process. */
    boolean isFile() {
        return source instanceof PageSource.FromFile;
    }

    boolean isDmabuf() {
        return source instanceof PageSource.FromDmabuf;
    }

    /** Position in the source of a byte counted from the base. */
    long positionOf(long byteOffset) {
        return base + byteOffset;
    }

    /** Pins the pages that hold {@code lengthBytes} at {@code byteOffset}: EFAULT or EINVAL for a bad page, then ENOMEM over the limit. */
    void pin(long byteOffset, long lengthBytes) throws KernelFailure {
        if (isDmabuf()) {
            return;
        }
        PinnedRange range = PinnedRange.of(byteOffset, lengthBytes);
        List<PinnedRange> fresh = uncovered(range);
        long freshPages = 0;
        for (PinnedRange piece : fresh) {
            source.checkPin(base + (piece.first() << PAGE_SHIFT), piece.pages() << PAGE_SHIFT, writable);
            freshPages += piece.pages();
        }
        if (freshPages > 0) {
            account.charge(freshPages);
        }
        if (pins == null) {
            pins = new ArrayList<>(1);
        }
        pins.add(range);
    }

    /** Takes back one earlier {@link #pin} of the same bytes. */
    void unpin(long byteOffset, long lengthBytes) {
        if (isDmabuf() || pins == null) {
            return;
        }
        PinnedRange range = PinnedRange.of(byteOffset, lengthBytes);
        pins.remove(range);
        long gone = 0;
        for (PinnedRange piece : uncovered(range)) {
            gone += piece.pages();
        }
        if (gone > 0) {
            account.refund(gone);
        }
        if (pins.isEmpty()) {
            pins = null;
        }
    }

    /** How many pages are pinned. */
    long pinnedPages() {
        if (pins == null) {
            return 0;
        }
        long total = 0;
        List<PinnedRange> seen = new ArrayList<>();
        for (PinnedRange range : pins) {
            for (PinnedRange piece : uncovered(range, seen)) {
                total += piece.pages();
            }
            seen.add(range);
        }
        return total;
    }

    /** The account that is charged. */
    PinAccount account() {
        return account;
    }

    /** Charges another account from now on; the caller moved the charge. */
    void setAccount(PinAccount newAccount) {
        account = newAccount;
    }

    private List<PinnedRange> uncovered(PinnedRange range) {
        return pins == null ? List.of(range) : uncovered(range, pins);
    }

    private static List<PinnedRange> uncovered(PinnedRange range, List<PinnedRange> covers) {
        List<PinnedRange> rest = List.of(range);
        for (PinnedRange cover : covers) {
            List<PinnedRange> next = new ArrayList<>();
            for (PinnedRange piece : rest) {
                piece.subtract(cover, next);
            }
            rest = next;
        }
        return rest;
    }

    private record PinnedRange(long first, long last) {
        static PinnedRange of(long byteOffset, long lengthBytes) {
            return new PinnedRange(byteOffset >>> PAGE_SHIFT, (byteOffset + lengthBytes - 1) >>> PAGE_SHIFT);
        }

        long pages() {
            return last - first + 1;
        }

        void subtract(PinnedRange other, List<PinnedRange> rest) {
            if (other.last < first || last < other.first) {
                rest.add(this);
                return;
            }
            if (first < other.first) {
                rest.add(new PinnedRange(first, other.first - 1));
            }
            if (other.last < last) {
                rest.add(new PinnedRange(other.last + 1, last));
            }
        }
    }
}
