package io.viommufleet.deploy.bench;

import io.viommufleet.agent.iommufd.IoasUnmap;
import io.viommufleet.agent.iommufd.ObjectSnapshot;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

/** IOAS_MAP and IOAS_UNMAP of one page among many areas, by the typed call; its floor is {@link TreeMapPutRemove}. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class MapUnmap {
    static final int PAGE_BYTES = 4096;

    /** Areas that the IOAS holds throughout. */
    @Param({"1000", "1000000"})
    public int areas;

    private EmulatedVm vm = new EmulatedVm();
    private PagePool pages = new PagePool(PagePool.IN_FLIGHT);

    /** Fills the IOAS, in random order. */
    @Setup
    public void fill() {
        vm = new EmulatedVm();
        pages = new PagePool(areas);
        for (long page : PagePool.others(areas)) {
            vm.map(page, PAGE_BYTES);
        }
        for (long page : pages.out()) {
            vm.map(page, PAGE_BYTES);
        }
    }

    ObjectSnapshot objects() {
        return vm.iommufd().snapshot();
    }

    /** Maps a page and unmaps an earlier one; gives the bytes that were unmapped. */
    @Benchmark
    public long mapUnmap() {
        long page = pages.take();
        vm.map(page, PAGE_BYTES);
        return vm.iommufd()
                .call(new IoasUnmap(vm.ioas(), pages.exchange(page), PAGE_BYTES))
                .value()
                .lengthBytes();
    }
}
