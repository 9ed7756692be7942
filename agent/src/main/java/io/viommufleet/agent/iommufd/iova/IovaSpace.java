package io.viommufleet.agent.iommufd.iova;

import static io.viommufleet.agent.iommufd.system.Errno.EADDRINUSE;
import static io.viommufleet.agent.iommufd.system.Errno.EEXIST;
import static io.viommufleet.agent.iommufd.system.Errno.EINVAL;
import static io.viommufleet.agent.iommufd.system.Errno.EOVERFLOW;
import static io.viommufleet.agent.iommufd.system.PageMath.addOverflows;
import static io.viommufleet.agent.iommufd.system.PageMath.below;

import io.viommufleet.agent.iommufd.system.KernelFailure;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * The IOVAs of an IOAS: areas that are mapped, ranges that are reserved by a domain's aperture or a device, and the ranges that automatic choice is
 * allowed to use.
 *
 * <p>Invariants, held at insertion: a reserved range meets no area and no allowed range; areas do not overlap; allowed ranges do not overlap. Reserved
 * ranges may overlap one another. An area outside the allowed ranges is legal.
 *
 * @param <A> type of the areas
 */
public final class IovaSpace<A extends Area> {
    private static final Comparator<IovaRange> BY_START =
            (first, second) -> Long.compareUnsigned(first.start(), second.start());

    private final AreaIndex<A> areas = new AreaIndex<>();
    private final List<Reservation> reservations = new ArrayList<>();
    private List<IovaRange> allowed = List.of();
    private long alignment = 1;

    /** What every IOVA, length and page offset must be a multiple of: a power of two, at most a page. */
    public long alignment() {
        return alignment;
    }

    /** How many areas are mapped. */
    public int areaCount() {
        return areas.size();
    }

    /** The first area that meets {@code [start, last]}, or null. */
    public @Nullable A firstIn(long start, long last) {
        return areas.overlapping(start, last);
    }

    /** The area that begins directly after {@code area}, or null when there is a gap. */
    public @Nullable A adjacentTo(A area) {
        return area.last() == -1L ? null : exactlyAt(area.last() + 1);
    }

    /** The next area above {@code area}, or null. */
    public @Nullable A after(A area) {
        return area.last() == -1L ? null : areas.ceiling(area.last() + 1);
    }

    /** Visits every area in ascending order. */
    public void forEachArea(Consumer<? super A> visitor) {
        areas.forEach(visitor);
    }

    /** Maps an area that {@link #checkFixed} accepts or {@link #choose} found room for. */
    public void insert(A area) {
        areas.insert(area);
    }

    /** Unmaps an area. */
    public void remove(A area) {
        areas.remove(area);
    }

    /** The checks on an IOVA that the caller fixed: EINVAL misaligned or reserved, EOVERFLOW wraps, EEXIST taken. The allowed list is not asked. */
    public void checkFixed(long iova, long lengthBytes) throws KernelFailure {
        if ((iova & (alignment - 1)) != 0) {
            throw EINVAL.failure();
        }
        if (addOverflows(iova, lengthBytes - 1)) {
            throw EOVERFLOW.failure();
        }
        long last = iova + lengthBytes - 1;
        if (isReserved(iova, last)) {
            throw EINVAL.failure();
        }
        if (areas.overlapping(iova, last) != null) {
            throw EEXIST.failure();
        }
    }

    /** Chooses the lowest IOVA where {@code lengthBytes} fit; see {@link IovaChooser}. */
    public long choose(long addressHint, long lengthBytes) throws KernelFailure {
        return new IovaChooser(this::nextUsed, allowed, alignment).choose(addressHint, lengthBytes);
    }

    /** Reserves a range for {@code owner} (null: for nobody in particular); EADDRINUSE when an area or an allowed range is in the way. */
    public void reserve(long start, long last, @Nullable Object owner) throws KernelFailure {
        for (IovaRange range : allowed) {
            if (range.overlaps(start, last)) {
                throw EADDRINUSE.failure();
            }
        }
        if (areas.overlapping(start, last) != null) {
            throw EADDRINUSE.failure();
        }
        reservations.add(new Reservation(new IovaRange(start, last), owner));
    }

    /** Gives up every range that {@code owner} reserved. */
    public void release(Object owner) {
        reservations.removeIf(reservation -> owner.equals(reservation.owner()));
    }

    /** Replaces the allowed ranges; EADDRINUSE, keeping the old ones, when one meets a reserved range. */
    public void allow(List<IovaRange> ranges) throws KernelFailure {
        for (IovaRange range : ranges) {
            if (isReserved(range.start(), range.last())) {
                throw EADDRINUSE.failure();
            }
        }
        List<IovaRange> sorted = new ArrayList<>(ranges);
        sorted.sort(BY_START);
        allowed = List.copyOf(sorted);
    }

    /** The ranges that automatic choice may use, ascending; empty means all. */
    public List<IovaRange> allowed() {
        return allowed;
    }

    /** The maximal ranges that are not reserved, ascending. */
    public List<IovaRange> usableRanges() {
        List<IovaRange> usable = new ArrayList<>();
        long cursor = 0;
        for (IovaRange reserved : mergedReservations()) {
            if (below(cursor, reserved.start())) {
                usable.add(new IovaRange(cursor, reserved.start() - 1));
            }
            if (reserved.last() == -1L) {
                return usable;
            }
            cursor = reserved.last() + 1;
        }
        usable.add(new IovaRange(cursor, -1L));
        return usable;
    }

    /** How many ranges are reserved; for checks that nothing is left behind. */
    public int reservationCount() {
        return reservations.size();
    }

    /** Whether every area would fit an alignment of {@code newAlignment}; EADDRINUSE if not. */
    public void checkAlignment(long newAlignment) throws KernelFailure {
        long mask = newAlignment - 1;
        Predicate<Area> misaligned = area -> ((area.start() | area.lengthBytes() | area.pageOffset()) & mask) != 0;
        if (newAlignment <= alignment) {
            return;
        }
        for (A area = areas.ceiling(0); area != null; area = after(area)) {
            if (misaligned.test(area)) {
                throw EADDRINUSE.failure();
            }
        }
    }

    /** Sets the alignment; when it rises, {@link #checkAlignment} comes first. */
    public void setAlignment(long newAlignment) {
        alignment = newAlignment;
    }

    private @Nullable A exactlyAt(long iova) {
        A found = areas.floor(iova);
        return found != null && found.start() == iova ? found : null;
    }

    private boolean isReserved(long start, long last) {
        for (int index = 0; index < reservations.size(); index++) {
            if (reservations.get(index).range().overlaps(start, last)) {
                return true;
            }
        }
        return false;
    }

    /** The lowest taken range that ends at or above {@code cursor}, or null: an area or a reservation. */
    private @Nullable IovaRange nextUsed(long cursor) {
        A area = areas.overlapping(cursor, -1L);
        IovaRange best = area == null ? null : new IovaRange(area.start(), area.last());
        for (Reservation reservation : reservations) {
            IovaRange range = reservation.range();
            if (!below(range.last(), cursor) && (best == null || below(range.start(), best.start()))) {
                best = range;
            }
        }
        return best;
    }

    private List<IovaRange> mergedReservations() {
        List<IovaRange> sorted = new ArrayList<>();
        reservations.forEach(reservation -> sorted.add(reservation.range()));
        sorted.sort(BY_START);
        List<IovaRange> merged = new ArrayList<>();
        for (IovaRange range : sorted) {
            IovaRange previous = merged.isEmpty() ? null : merged.getLast();
            if (previous == null || (previous.last() != -1L && below(previous.last() + 1, range.start()))) {
                merged.add(range);
            } else if (below(previous.last(), range.last())) {
                merged.set(merged.size() - 1, new IovaRange(previous.start(), range.last()));
            }
        }
        return merged;
    }

    private record Reservation(IovaRange range, @Nullable Object owner) {}
}
