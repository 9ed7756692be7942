package io.viommufleet.agent.iommufd.iova;

import static org.assertj.core.api.Assertions.assertThat;

import io.viommufleet.agent.iommufd.system.Errno;
import io.viommufleet.agent.iommufd.system.KernelFailure;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Random lives of an IOVA space: whatever is asked, it answers as a list that is searched from end to end. */
class IovaSpaceTest {
    private static final long PAGE = 4096;
    private static final int PAGES = 4096;
    private static final Object OWNER = "owner";

    private IovaSpace<TestArea> space = new IovaSpace<>();
    private NaiveSpace model = new NaiveSpace();
    private Random random = new Random();

    @BeforeEach
    void seed() {
        long seed = Long.getLong("seed", System.nanoTime());
        System.out.println("IovaSpaceTest: -Dseed=" + seed);
        random = new Random(seed);
    }

    @Test
    void growsAndShrinksLikeAList() throws KernelFailure {
        for (int phase = 0; phase < 6; phase++) {
            int mapsOutOfTen = phase % 2 == 0 ? 9 : 1;
            for (int step = 0; step < 1500; step++) {
                if (random.nextInt(10) < mapsOutOfTen) {
                    mapFixed(anyIova(), 1 + random.nextInt(3));
                } else {
                    unmapSome();
                }
                checkLookups();
            }
            checkWhole();
        }
        unmapEverything();
    }

    @Test
    void holdsReservationsAndAllowedRangesLikeAList() throws KernelFailure {
        for (int life = 0; life < 20; life++) {
            space = new IovaSpace<>();
            model = new NaiveSpace();
            for (int step = 0; step < 150; step++) {
                switch (random.nextInt(10)) {
                    case 0 -> reserve();
                    case 1 -> release();
                    case 2 -> allow();
                    case 3, 4 -> mapFixed(lowIova(), 1 + random.nextInt(16));
                    case 5, 6, 7 -> mapChosen();
                    default -> unmapSome();
                }
            }
            checkWhole();
        }
    }

    @Test
    void ascendingAndDescendingInsertionKeepTheOrder() {
        for (int page = 0; page < 1000; page++) {
            insert(new TestArea(page * PAGE, page * PAGE + PAGE - 1));
            insert(new TestArea(-(page + 1) * PAGE, -page * PAGE - 1));
        }
        checkWhole();
        unmapEverything();
    }

    private void mapFixed(long iova, int pages) throws KernelFailure {
        long last = iova + pages * PAGE - 1;
        if (Long.compareUnsigned(last, iova) < 0) {
            assertThat(errnoOf(() -> space.checkFixed(iova, pages * PAGE))).contains(Errno.EOVERFLOW);
            return;
        }
        Optional<Errno> expected = model.isReserved(iova, last)
                ? Optional.of(Errno.EINVAL)
                : model.isMapped(iova, last) ? Optional.of(Errno.EEXIST) : Optional.empty();
        assertThat(errnoOf(() -> space.checkFixed(iova, pages * PAGE))).isEqualTo(expected);
        if (expected.isEmpty()) {
            insert(new TestArea(iova, last));
        }
    }

    private void mapChosen() throws KernelFailure {
        long hint = random.nextInt(4) == 0 ? 0 : lowIova();
        long bytes = (1 + random.nextInt(40)) * PAGE;
        long limit = 2L * PAGES * PAGE;
        long chosen = 0;
        try {
            chosen = space.choose(hint, bytes);
        } catch (KernelFailure failure) {
            assertThat(failure.errno()).isEqualTo(Errno.ENOSPC);
        }
        long found = chosen;
        assertThat(model.choose(hint, bytes, limit))
                .as("hint 0x%x, %d bytes", hint, bytes)
                .isEqualTo(found == 0 ? Optional.empty() : Optional.of(found));
        if (found != 0) {
            insert(new TestArea(found, found + bytes - 1));
        }
    }

    private void unmapSome() {
        if (model.areaCount() > 0) {
            remove(model.areaAt(random.nextInt(model.areaCount())));
        }
    }

    private void unmapEverything() {
        for (TestArea area = space.firstIn(0, -1L); area != null; area = space.firstIn(0, -1L)) {
            remove(area);
        }
        assertThat(model.areaCount()).isZero();
        assertThat(space.areaCount()).isZero();
    }

    private void reserve() {
        long start = lowIova();
        long last = start + (1 + random.nextInt(64)) * PAGE - 1;
        Optional<Errno> expected = model.mayReserve(start, last) ? Optional.empty() : Optional.of(Errno.EADDRINUSE);
        assertThat(errnoOf(() -> space.reserve(start, last, OWNER))).isEqualTo(expected);
        if (expected.isEmpty()) {
            model.reserve(start, last);
        }
    }

    private void release() {
        space.release(OWNER);
        model.release();
    }

    /** Two windows one behind the other, or none: everything is allowed again. */
    private void allow() {
        List<IovaRange> ranges = new ArrayList<>();
        if (random.nextBoolean()) {
            long middle = (PAGES / 2) * PAGE;
            ranges.add(new IovaRange(middle + random.nextInt(99) * PAGE, middle + 999 * PAGE - 1));
            ranges.add(new IovaRange(random.nextInt(99) * PAGE, 999 * PAGE - 1));
        }
        Optional<Errno> expected = model.mayAllow(ranges) ? Optional.empty() : Optional.of(Errno.EADDRINUSE);
        assertThat(errnoOf(() -> space.allow(ranges))).isEqualTo(expected);
        if (expected.isEmpty()) {
            model.allow(ranges);
        }
    }

    private void insert(TestArea area) {
        space.insert(area);
        model.insert(area);
    }

    private void remove(TestArea area) {
        space.remove(area);
        model.remove(area);
    }

    private void checkLookups() {
        long start = anyIova();
        long last = random.nextInt(8) == 0 ? -1L : start + random.nextInt(8) * PAGE;
        if (Long.compareUnsigned(last, start) >= 0) {
            TestArea found = space.firstIn(start, last);
            assertThat(Optional.ofNullable(found)).isEqualTo(model.firstIn(start, last));
            if (found != null) {
                TestArea next = space.after(found);
                assertThat(Optional.ofNullable(next)).isEqualTo(model.after(found));
                boolean touches = next != null && next.start() == found.last() + 1;
                assertThat(space.adjacentTo(found)).isSameAs(touches ? next : null);
            }
        }
    }

    private void checkWhole() {
        List<TestArea> visited = new ArrayList<>();
        space.forEachArea(visited::add);
        assertThat(visited).isEqualTo(model.areas());
        assertThat(space.areaCount()).isEqualTo(model.areaCount());
        List<TestArea> walked = new ArrayList<>();
        for (TestArea area = space.firstIn(0, -1L); area != null; area = space.after(area)) {
            walked.add(area);
        }
        assertThat(walked).isEqualTo(visited);
    }

    private long lowIova() {
        return random.nextInt(PAGES) * PAGE;
    }

    /** From the low or the high end, which are far apart and of opposite sign. */
    private long anyIova() {
        return random.nextBoolean() ? lowIova() : -lowIova() - PAGE;
    }

    /** Something that the kernel may refuse. */
    @FunctionalInterface
    private interface Refusable {
        void run() throws KernelFailure;
    }

    private static Optional<Errno> errnoOf(Refusable call) {
        try {
            call.run();
            return Optional.empty();
        } catch (KernelFailure failure) {
            return Optional.of(Objects.requireNonNull(failure.errno()));
        }
    }
}
