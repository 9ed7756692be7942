package io.viommufleet.agent.iommufd.selftest;

import static io.viommufleet.agent.iommufd.HwptFlags.DIRTY_TRACKING;
import static org.assertj.core.api.Assertions.assertThat;

import io.viommufleet.agent.iommufd.GetDirtyBitmap;
import io.viommufleet.agent.iommufd.HwptAlloc;
import io.viommufleet.agent.iommufd.HwptPaging;
import io.viommufleet.agent.iommufd.IoasMap;
import io.viommufleet.agent.iommufd.IoasUnmap;
import io.viommufleet.agent.iommufd.KernelBehaviour;
import io.viommufleet.agent.iommufd.SetDirtyTracking;
import io.viommufleet.agent.iommufd.SetOption;
import io.viommufleet.agent.iommufd.driver.DirtyLog;
import io.viommufleet.agent.iommufd.driver.UserData;
import io.viommufleet.agent.iommufd.iova.IovaRange;
import io.viommufleet.agent.iommufd.system.AddressSpace;
import io.viommufleet.agent.iommufd.system.KernelFailure;
import io.viommufleet.agent.iommufd.system.Mapping;
import io.viommufleet.agent.iommufd.system.MemoryObject;
import io.viommufleet.agent.iommufd.system.UserBuffer;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Objects;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Random reads of dirty pages: whatever the entries, the bitmap's pages and its place in memory, the bits that are set and the pages that stay dirty are
 * those of a walk from one page-table entry to the next.
 */
class DirtyReadingTest {
    private static final int UNIT_SHIFT = 11;
    private static final long MIB = 1L << 20;
    private static final long LARGEST_ENTRY = 2 * MIB;
    private static final long APERTURE_END = 0x80000000L;
    private static final long ADDRESS = 0x640000000000L;
    private static final long BITMAP_ADDRESS = 0x650000000000L;
    private static final long[] PAGE_SIZES = {1024, 2048, 4096, 4096, 8192, 65536, 2 * MIB};

    private Random random = new Random();

    /** The page table of a HWPT, and how much of it is mapped. */
    enum Table {
        /** Entries of any power of two from 2 KiB on. */
        ANY_SIZE(0, true, 0x40000000L - 3 * MIB, 2 * MIB),
        /** Entries of 2 KiB only. */
        SMALLEST_ONLY(0, false, 0x40000000L - 3 * MIB, 4 * MIB),
        /** Entries of 2 KiB in an area that holds a chunk of the log as a whole. */
        SMALLEST_IN_LARGE_AREA(0, false, 0x3ff00000L, 1025 * MIB),
        /** Entries of 4 KiB and of 1 MiB. */
        TWO_SIZES(1, true, 0x40000000L - 3 * MIB, 3 * MIB);

        private final int format;
        private final boolean hugePages;
        private final long firstIova;
        private final long mostBytes;

        Table(int format, boolean hugePages, long firstIova, long mostBytes) {
            this.format = format;
            this.hugePages = hugePages;
            this.firstIova = firstIova & -4096;
            this.mostBytes = mostBytes;
        }
    }

    @BeforeEach
    void seed() {
        long seed = Long.getLong("seed", System.nanoTime());
        System.out.println("DirtyReadingTest: -Dseed=" + seed);
        random = new Random(seed);
    }

    @ParameterizedTest
    @EnumSource
    void setsTheBitsOfDirtyEntriesAndForgetsThem(Table table) throws KernelFailure {
        int lives = table == Table.SMALLEST_IN_LARGE_AREA ? 1 : 40;
        for (int life = 0; life < lives; life++) {
            Life tracked = new Life(table);
            tracked.mapAreas();
            for (int step = 0; step < 10; step++) {
                tracked.markSome();
                if (random.nextInt(4) == 0) {
                    tracked.replaceMemory();
                }
                tracked.read();
            }
        }
    }

    @Test
    void forgetsWhatIsDirtyWhenItIsUnmapped() {
        Life tracked = new Life(Table.SMALLEST_ONLY);
        tracked.map(Fixture.BASE, 8192);
        tracked.hwpt.markDirty(Fixture.BASE);
        assertThat(tracked.dirtyUnits().isEmpty()).isFalse();

        tracked.kernel.ok(new IoasUnmap(tracked.ioas, Fixture.BASE, 8192));
        tracked.map(Fixture.BASE, 8192);

        assertThat(tracked.dirtyUnits()).isEqualTo(new BitSet());
    }

    @Test
    void skipsPagesOfTheBitmapThatAreMissing() throws KernelFailure {
        Life tracked = new Life(Table.SMALLEST_ONLY);
        long bytesPerBitmapPage = (4096L * Byte.SIZE) << UNIT_SHIFT;
        tracked.map(Fixture.BASE, 3 * bytesPerBitmapPage);
        for (int page = 0; page < 3; page++) {
            tracked.hwpt.markDirty(Fixture.BASE + page * bytesPerBitmapPage);
        }
        AddressSpace memory = tracked.kernel.process.memory();
        tracked.kernel.mapMemory(BITMAP_ADDRESS, MemoryObject.ofPages(3 * 4096));
        memory.unmap(BITMAP_ADDRESS + 4096, 4096);

        tracked.kernel.ok(new GetDirtyBitmap(
                0,
                tracked.hwpt.id(),
                Fixture.BASE,
                3 * bytesPerBitmapPage,
                1 << UNIT_SHIFT,
                UserBuffer.at(memory, BITMAP_ADDRESS),
                0));

        byte[] first = new byte[4096];
        memory.read(BITMAP_ADDRESS, first);
        byte[] third = new byte[4096];
        memory.read(BITMAP_ADDRESS + 2 * 4096, third);
        BitSet lowestBit = BitSet.valueOf(new long[] {1});
        assertThat(BitSet.valueOf(first)).isEqualTo(lowestBit);
        assertThat(BitSet.valueOf(third)).isEqualTo(lowestBit);
        assertThat(tracked.dirtyUnits()).isEqualTo(new BitSet());
    }

    /** A HWPT with some memory, and which units of it are dirty. */
    private final class Life {
        private final Table table;
        private final Fixture kernel = new Fixture(KernelBehaviour.LINUX_7_0);
        private final int ioas = kernel.ioas();
        private final HwptPaging hwpt;
        private final DirtyLog log;
        private final BitSet dirty = new BitSet();
        private long end;

        Life(Table table) {
            this.table = table;
            if (!table.hugePages) {
                kernel.ok(new SetOption(SetOption.HUGE_PAGES, SetOption.SET, ioas, 0, 0));
            }
            int device = kernel.device(ioas).deviceId();
            UserData data = new UserData(Fixture.SELFTEST, 8, Fixture.words(0, table.format));
            int id = kernel.ok(new HwptAlloc(DIRTY_TRACKING, device, ioas, data, 0, 0))
                    .hwptId();
            kernel.ok(new SetDirtyTracking(SetDirtyTracking.ENABLE, id));
            hwpt = (HwptPaging) Objects.requireNonNull(kernel.context.find(id));
            log = Objects.requireNonNull(hwpt.domain().dirtyLog());
            end = table.firstIova;
        }

        /** Maps some areas one behind the other, now and then with a gap; the memory of one may change its kind where entries end. */
        void mapAreas() {
            int areas = 1 + random.nextInt(4);
            for (int area = 0; area < areas; area++) {
                long gap = random.nextInt(4) == 0 ? alignment() * random.nextInt(3) : 0;
                long iova = end + gap;
                long bytes = table.mostBytes > 1024 * MIB ? table.mostBytes : anyLength(table.mostBytes);
                if (iova + bytes > APERTURE_END) {
                    return;
                }
                map(iova, bytes);
            }
        }

        void map(long iova, long bytes) {
            putMemory(iova, bytes);
            kernel.ok(new IoasMap(Fixture.FIXED_RW, ioas, ADDRESS + iova, bytes, iova));
            end = iova + bytes;
        }

        private void putMemory(long iova, long bytes) {
            long first = iova & -4096;
            long pages = (iova + bytes - first + 4095) / 4096;
            long cut = Math.max(0, ((first + random.nextLong(pages + 1) * 4096) & -LARGEST_ENTRY) - first);
            kernel.process.memory().unmap(ADDRESS + first, pages * 4096);
            mapMemory(first, cut);
            mapMemory(first + cut, pages * 4096 - cut);
        }

        private void mapMemory(long iova, long bytes) {
            if (bytes > 0) {
                boolean huge = random.nextBoolean();
                MemoryObject memory = huge ? MemoryObject.ofHugePages(1L << 40) : MemoryObject.ofPages(1L << 40);
                long offset = random.nextBoolean() ? iova : iova + 4096L * random.nextInt(512);
                kernel.process.memory().map(new Mapping(ADDRESS + iova, bytes, memory, offset, true));
            }
        }

        /** Other memory of the process stands at the same addresses: entries may be of other sizes than when they became dirty. */
        void replaceMemory() {
            putMemory(table.firstIova, end - table.firstIova);
        }

        void markSome() {
            int marks = random.nextInt(random.nextBoolean() ? 4 : 500);
            for (int mark = 0; mark < marks; mark++) {
                long iova = table.firstIova + random.nextLong(end - table.firstIova);
                hwpt.markDirty(iova);
                IovaRange entry = hwpt.entryAt(iova);
                if (entry != null) {
                    dirty.set(unit(entry.start()), unit(entry.last()) + 1);
                }
            }
        }

        /** Reads part of the memory, and compares bitmap and what stays dirty with a walk over entries. */
        void read() throws KernelFailure {
            long pageBytes = PAGE_SIZES[random.nextInt(PAGE_SIZES.length)];
            long granule = Math.max(pageBytes, alignment());
            long base = (table.firstIova + random.nextLong(end - table.firstIova)) & -granule;
            if (random.nextInt(3) == 0) {
                base = table.firstIova & -granule;
            }
            long bytes = granule * (1 + random.nextLong((end - base + granule - 1) / granule));
            int flags = random.nextBoolean() ? GetDirtyBitmap.NO_CLEAR : 0;
            byte[] before = new byte[(int) ((bytes / pageBytes + Byte.SIZE - 1) / Byte.SIZE)];
            if (random.nextBoolean()) {
                random.nextBytes(before);
            }
            BitSet expected = BitSet.valueOf(before);
            walk(base, base + bytes - 1, pageBytes, flags == 0, expected);
            byte[] after = get(flags, base, bytes, pageBytes, before);
            String call = "%s, %#x bytes at %#x, pages of %d, flags %d".formatted(table, bytes, base, pageBytes, flags);
            assertThat(BitSet.valueOf(after)).as(call).isEqualTo(expected);
            assertThat(dirtyUnits()).as("dirty after %s", call).isEqualTo(dirty);
        }

        private byte[] get(int flags, long base, long bytes, long pageBytes, byte[] before) throws KernelFailure {
            byte[] bitmap = before.clone();
            UserBuffer buffer = UserBuffer.of(bitmap);
            if (random.nextBoolean()) {
                kernel.process.memory().unmap(BITMAP_ADDRESS, MIB);
                kernel.mapMemory(BITMAP_ADDRESS, MemoryObject.ofPages(MIB));
                buffer = UserBuffer.at(kernel.process.memory(), BITMAP_ADDRESS + random.nextInt(4096));
                buffer.write(0, before);
            }
            kernel.ok(new GetDirtyBitmap(flags, hwpt.id(), base, bytes, pageBytes, buffer, 0));
            buffer.read(0, bitmap);
            return bitmap;
        }

        private void walk(long base, long last, long pageBytes, boolean clears, BitSet bitmap) {
            IovaRange entry = hwpt.entryAt(base);
            while (entry != null) {
                int unit = dirty.nextSetBit(unit(entry.start()));
                if (unit >= 0 && unit <= unit(entry.last())) {
                    long first = Math.max(entry.start(), base) - base;
                    long entryLast = Math.min(entry.last(), last) - base;
                    bitmap.set((int) (first / pageBytes), (int) (entryLast / pageBytes) + 1);
                    if (clears) {
                        dirty.clear(unit(entry.start()), unit(entry.last()) + 1);
                    }
                }
                entry = entry.last() < last ? hwpt.entryAt(entry.last() + 1) : null;
            }
        }

        /** What the log has, in units of 2 KiB. */
        private BitSet dirtyUnits() {
            int unitsPerUnit = 1 << (log.unitShift() - UNIT_SHIFT);
            BitSet units = new BitSet();
            log.read(
                    0,
                    (1L << 40) - 1,
                    (first, words, from, to) -> BitSet.valueOf(Arrays.copyOfRange(words, from, to)).stream()
                            .mapToLong(bit -> first + bit)
                            .forEach(unit -> units.set((int) unit * unitsPerUnit, (int) (unit + 1) * unitsPerUnit)));
            return units;
        }

        private long alignment() {
            return table == Table.ANY_SIZE ? 2048 : 4096;
        }

        private long anyLength(long mostBytes) {
            long most = random.nextBoolean() ? mostBytes : 64 * alignment();
            return alignment() * (1 + random.nextLong(most / alignment()));
        }
    }

    private static int unit(long iova) {
        return (int) (iova >>> UNIT_SHIFT);
    }
}
