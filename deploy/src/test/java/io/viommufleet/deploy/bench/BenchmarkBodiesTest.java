package io.viommufleet.deploy.bench;

import static org.assertj.core.api.Assertions.assertThat;

import io.viommufleet.agent.iommufd.ObjectKind;
import io.viommufleet.agent.iommufd.ObjectSnapshot;
import io.viommufleet.agent.vmm.AttachResult;
import io.viommufleet.agent.vmm.HostSnapshot;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class BenchmarkBodiesTest {
    private static final int AREAS = 1000;

    @Test
    void placingInACellKeepsItAsFullAsItWas() {
        BusyCell cell = new BusyCell(100);
        int running = cell.running();
        int placed = 0;
        for (int call = 0; call < 400; call++) {
            cell.go();
            placed += cell.come() ? 1 : 0;
        }
        assertThat(placed).isGreaterThan(360);
        assertThat(cell.running()).isEqualTo(running - 400 + placed);
        assertThat(new ChooseEightOfSixteen().choose().values()).hasSize(8).doesNotHaveDuplicates();
    }

    @Test
    void mappingAndUnmappingLeavesTheAreasThatWereThere() {
        MapUnmap benchmark = new MapUnmap();
        benchmark.areas = AREAS;
        benchmark.fill();
        for (int call = 0; call < 2 * AREAS; call++) {
            assertThat(benchmark.mapUnmap()).isEqualTo(MapUnmap.PAGE_BYTES);
        }
        assertThat(benchmark.objects().ioases())
                .singleElement()
                .extracting(ObjectSnapshot.Space::areas)
                .isEqualTo(AREAS + PagePool.IN_FLIGHT);
    }

    @Test
    void theFloorOfMappingPutsAndRemovesEachTime() {
        TreeMapPutRemove benchmark = new TreeMapPutRemove();
        benchmark.areas = AREAS;
        benchmark.fill();
        for (int call = 0; call < 2 * AREAS; call++) {
            assertThat(benchmark.putRemove()).isNotNull();
        }
        assertThat(benchmark.size()).isEqualTo(AREAS + PagePool.IN_FLIGHT);
    }

    @Test
    void thePoolGivesNoPageTwiceBeforeItCameBack() {
        assertThat(sorted(PagePool.others(4))).containsExactly(0x0000, 0x2000, 0x4000, 0x6000);
        assertThat(PagePool.others(AREAS)).isNotEqualTo(sorted(PagePool.others(AREAS)));
        PagePool pool = new PagePool(AREAS);
        Set<Long> out = new HashSet<>();
        for (long page : pool.out()) {
            out.add(page);
        }
        for (int call = 0; call < 5 * AREAS; call++) {
            long page = pool.take();
            assertThat(page).isBetween(0L, 2 * AREAS * 4096L);
            assertThat(page & 0x1fff).isEqualTo(0x1000);
            assertThat(out.add(page)).isTrue();
            assertThat(out.remove(pool.exchange(page))).isTrue();
        }
        assertThat(out).hasSize(PagePool.IN_FLIGHT);
    }

    @Test
    void attachingMapsTheMemoryOnANestingParentAndDetachingLeavesNothing() {
        AttachDetach benchmark = new AttachDetach();
        HostSnapshot idle = benchmark.host().snapshot();
        AttachResult.Attached attached = benchmark.attach();
        HostSnapshot busy = benchmark.host().snapshot();
        assertThat(attached.unmet()).isEmpty();
        assertThat(busy.attached()).singleElement().satisfies(device -> {
            assertThat(device.nestingParent()).isTrue();
            assertThat(device.hwpt()).isEqualTo(attached.hwpt());
        });
        assertThat(busy.objects().values())
                .flatExtracting(ObjectSnapshot::ioases)
                .singleElement()
                .extracting(ObjectSnapshot.Space::areas)
                .isEqualTo(AttachDetach.RAM_SECTIONS);
        benchmark.detach();
        assertThat(benchmark.host().snapshot()).isEqualTo(idle);
        assertThat(benchmark.attachDetach()).isEqualTo(attached.hwpt().orElseThrow());
        assertThat(benchmark.host().snapshot()).isEqualTo(idle);
    }

    @Test
    void nestingMovesTheDeviceAndLeavingDestroysTheNestedHwpt() {
        NestedAttachDetach benchmark = new NestedAttachDetach();
        ObjectSnapshot idle = benchmark.objects();
        int nested = benchmark.nest();
        assertThat(benchmark.objects().objects())
                .anyMatch(
                        entry -> entry.id() == nested && entry.kind() == ObjectKind.HWPT_NESTED && entry.users() == 2);
        benchmark.leave(nested);
        assertThat(benchmark.objects()).isEqualTo(idle);
        assertThat(benchmark.nestedAttachDetach()).isEqualTo(nested);
        assertThat(benchmark.objects()).isEqualTo(idle);
    }

    @Test
    void theBitmapHasOnePageInAHundred() {
        DirtyBitmap benchmark = new DirtyBitmap();
        benchmark.gibibytes = 1;
        benchmark.dirty();
        int pages = 1 << 18;
        BitSet bits = BitSet.valueOf(benchmark.dirtyBitmap());
        assertThat(bits.cardinality()).isEqualTo(pages / 100);
        for (int first = 0; first + 100 <= pages; first += 100) {
            assertThat(bits.get(first, first + 100).cardinality()).isEqualTo(1);
        }
        assertThat(BitSet.valueOf(benchmark.copy()).cardinality()).isZero();
        assertThat(BitSet.valueOf(benchmark.dirtyBitmap()))
                .as("pages stay dirty")
                .isEqualTo(bits);
    }

    @Test
    void anAreaTakesHeap() {
        assertThat(HeapPerArea.measure(100_000)).isBetween(40.0, 400.0);
    }

    @Test
    void aReportIsMetWhenEveryRatioReachesItsGoal() {
        BenchReport.Result met = new BenchReport.Result("a", 1.5, 1.5, "");
        BenchReport.Result missed = new BenchReport.Result("b", 1.51, 1.5, "");
        assertThat(new BenchReport("x", List.of(met)).met()).isTrue();
        assertThat(new BenchReport("x", List.of(met, missed)).met()).isFalse();
    }

    private static long[] sorted(long[] values) {
        long[] sorted = values.clone();
        Arrays.sort(sorted);
        return sorted;
    }
}
