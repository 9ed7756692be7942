package io.viommufleet.deploy.bench;

import static org.assertj.core.api.Assertions.assertThat;

import io.viommufleet.agent.iommufd.ObjectKind;
import io.viommufleet.agent.iommufd.ObjectSnapshot;
import io.viommufleet.agent.vmm.AttachResult;
import io.viommufleet.agent.vmm.HostSnapshot;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import org.junit.jupiter.api.Test;

class BenchmarkBodiesTest {
    private static final int AREAS = 1000;

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
                .isEqualTo(AREAS);
    }

    @Test
    void theFloorOfMappingPutsAndRemovesEachTime() {
        TreeMapPutRemove benchmark = new TreeMapPutRemove();
        benchmark.areas = AREAS;
        benchmark.fill();
        for (int call = 0; call < 2 * AREAS; call++) {
            assertThat(benchmark.putRemove()).isNotNull();
        }
        assertThat(benchmark.size()).isEqualTo(AREAS);
    }

    @Test
    void pagesComeInRandomOrderEachOnce() {
        assertThat(sorted(PageOrder.held(4))).containsExactly(0x0000, 0x2000, 0x4000, 0x6000);
        assertThat(sorted(PageOrder.free(4))).containsExactly(0x1000, 0x3000, 0x5000, 0x7000);
        assertThat(PageOrder.free(AREAS)).isNotEqualTo(sorted(PageOrder.free(AREAS)));
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
