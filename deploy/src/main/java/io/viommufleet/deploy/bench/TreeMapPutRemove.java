package io.viommufleet.deploy.bench;

import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

/** The floor of {@link MapUnmap}: the JDK's ordered map does what any index of areas must, with the same keys in the same order. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class TreeMapPutRemove {
    /** Keys that the map holds throughout. */
    @Param({"1000", "1000000"})
    public int areas;

    private final TreeMap<Long, Object> map = new TreeMap<>();
    private final Object value = new Object();
    private PagePool pages = new PagePool(PagePool.IN_FLIGHT);

    /** Fills the map, in random order. */
    @Setup
    public void fill() {
        map.clear();
        pages = new PagePool(areas);
        for (long page : PagePool.others(areas)) {
            map.put(page, value);
        }
        for (long page : pages.out()) {
            map.put(page, value);
        }
    }

    int size() {
        return map.size();
    }

    /** Puts a key and removes an earlier one; gives what was removed. */
    @Benchmark
    public @Nullable Object putRemove() {
        long page = pages.take();
        map.put(page, value);
        return map.remove(pages.exchange(page));
    }
}
