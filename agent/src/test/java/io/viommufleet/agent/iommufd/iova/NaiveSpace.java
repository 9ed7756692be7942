package io.viommufleet.agent.iommufd.iova;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;

/** An IOVA space as a plain list that is searched from end to end. */
final class NaiveSpace {
    private static final long PAGE = 4096;
    private static final long HUGE_PAGE = 2L << 20;
    private static final Comparator<TestArea> ASCENDING = Comparator.comparing(Area::start, Long::compareUnsigned);

    private final List<TestArea> areas = new ArrayList<>();
    private final List<IovaRange> reserved = new ArrayList<>();
    private List<IovaRange> allowed = List.of();

    List<TestArea> areas() {
        return areas.stream().sorted(ASCENDING).toList();
    }

    TestArea areaAt(int index) {
        return areas.get(index);
    }

    int areaCount() {
        return areas.size();
    }

    void insert(TestArea area) {
        areas.add(area);
    }

    void remove(TestArea area) {
        areas.remove(area);
    }

    Optional<TestArea> firstIn(long start, long last) {
        return first(area -> area.meets(start, last));
    }

    Optional<TestArea> after(TestArea area) {
        return first(other -> Long.compareUnsigned(other.start(), area.last()) > 0);
    }

    boolean isMapped(long start, long last) {
        return areas.stream().anyMatch(area -> area.meets(start, last));
    }

    boolean isReserved(long start, long last) {
        return reserved.stream().anyMatch(range -> range.overlaps(start, last));
    }

    boolean mayReserve(long start, long last) {
        return !isMapped(start, last) && allowed.stream().noneMatch(range -> range.overlaps(start, last));
    }

    void reserve(long start, long last) {
        reserved.add(new IovaRange(start, last));
    }

    void release() {
        reserved.clear();
    }

    boolean mayAllow(List<IovaRange> ranges) {
        return ranges.stream().noneMatch(range -> isReserved(range.start(), range.last()));
    }

    void allow(List<IovaRange> ranges) {
        allowed = ranges;
    }

    /** The lowest free aligned IOVA below {@code limit}, tried one by one. */
    Optional<Long> choose(long addressHint, long lengthBytes, long limit) {
        long alignment = Math.min(Long.highestOneBit(lengthBytes * 2 - 1), HUGE_PAGE);
        if (addressHint != 0) {
            alignment = Math.min(alignment, Long.lowestOneBit(addressHint));
        }
        for (long iova = Math.max(alignment, PAGE); iova + lengthBytes <= limit; iova += alignment) {
            long last = iova + lengthBytes - 1;
            if (isAllowed(iova, last) && !isReserved(iova, last) && !isMapped(iova, last)) {
                return Optional.of(iova);
            }
        }
        return Optional.empty();
    }

    private boolean isAllowed(long start, long last) {
        return allowed.isEmpty() || allowed.stream().anyMatch(range -> range.start() <= start && last <= range.last());
    }

    private Optional<TestArea> first(Predicate<TestArea> wanted) {
        return areas.stream().filter(wanted).min(ASCENDING);
    }
}
