package io.viommufleet.deploy.bench;

import io.viommufleet.deploy.bench.BenchReport.Result;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/**
 * The benchmark of the emulated iommufd. Both sides of a ratio are measured in turn, and the median over the rounds counts, so that other work on the machine
 * weighs on both alike.
 */
public final class IommufdBench {
    /** Its name on the command line. */
    public static final String NAME = "iommufd";

    private static final int ROUNDS = 3;
    private static final int MANY_AREAS = 1_000_000;
    private static final double BYTES_PER_AREA = 120;
    private static final double CYCLE_NANOS = 1e9 / 50_000;

    private final Consumer<String> progress;

    private IommufdBench(Consumer<String> progress) {
        this.progress = progress;
    }

    /**
     * Measures everything; takes about two minutes.
     *
     * @param progress is told what is being measured
     */
    public static BenchReport run(Consumer<String> progress) {
        IommufdBench bench = new IommufdBench(progress);
        List<Result> results = new ArrayList<>();
        results.add(bench.mapUnmap(1000));
        results.add(bench.mapUnmap(MANY_AREAS));
        results.add(bench.heapPerArea());
        results.add(bench.cycle("attach-detach", AttachDetach.class, "attachDetach"));
        results.add(bench.cycle("nested-attach-detach", NestedAttachDetach.class, "nestedAttachDetach"));
        results.add(bench.dirtyBitmap());
        return new BenchReport(NAME, results);
    }

    private Result mapUnmap(int areas) {
        progress.accept("MAP and UNMAP of a page among %,d areas".formatted(areas));
        Map<String, String> parameters = Map.of("areas", Integer.toString(areas));
        return versus(
                "map-unmap-" + areas,
                1.5,
                new Side("MAP+UNMAP", MapUnmap.class, "mapUnmap", parameters),
                new Side("TreeMap", TreeMapPutRemove.class, "putRemove", parameters));
    }

    private Result heapPerArea() {
        progress.accept("heap of %,d areas".formatted(MANY_AREAS));
        double bytes = HeapPerArea.measure(MANY_AREAS);
        return new Result(
                "heap-per-area", bytes / BYTES_PER_AREA, 1, "%.1f bytes of %.0f".formatted(bytes, BYTES_PER_AREA));
    }

    private Result cycle(String metric, Class<?> benchmark, String method) {
        progress.accept(metric.replace('-', ' '));
        double nanos = median(new Side(metric, benchmark, method, Map.of()));
        return new Result(
                metric, nanos / CYCLE_NANOS, 1, "%,.0f cycles/s of %,.0f".formatted(1e9 / nanos, 1e9 / CYCLE_NANOS));
    }

    private Result dirtyBitmap() {
        progress.accept("GET_DIRTY_BITMAP over 1 TiB");
        return versus(
                "dirty-bitmap-1tib",
                2,
                new Side("GET_DIRTY_BITMAP", DirtyBitmap.class, "dirtyBitmap", Map.of()),
                new Side("copy", DirtyBitmap.class, "copy", Map.of()));
    }

    /** One side of a ratio. */
    private record Side(String name, Class<?> benchmark, String method, Map<String, String> parameters) {
        double nanos() {
            return BenchmarkRuns.medianNanos(benchmark, method, parameters);
        }
    }

    private static Result versus(String metric, double goal, Side subject, Side floor) {
        double[] subjects = new double[ROUNDS];
        double[] floors = new double[ROUNDS];
        double[] ratios = new double[ROUNDS];
        for (int round = 0; round < ROUNDS; round++) {
            subjects[round] = subject.nanos();
            floors[round] = floor.nanos();
            ratios[round] = subjects[round] / floors[round];
        }
        return new Result(
                metric,
                median(ratios),
                goal,
                "%s %,.0f ns, %s %,.0f ns".formatted(subject.name(), median(subjects), floor.name(), median(floors)));
    }

    private static double median(Side side) {
        double[] nanos = new double[ROUNDS];
        Arrays.setAll(nanos, round -> side.nanos());
        return median(nanos);
    }

    private static double median(double[] values) {
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        return sorted[sorted.length / 2];
    }
}
