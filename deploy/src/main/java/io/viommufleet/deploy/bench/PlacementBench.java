package io.viommufleet.deploy.bench;

import io.viommufleet.deploy.bench.BenchReport.Result;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/**
 * The benchmark of placement: what one VM costs that is placed and claims its devices while another one goes, in cells of
 * several sizes, and what choosing 8 of 16 alike devices costs.
 */
public final class PlacementBench {
    /** Its name on the command line. */
    public static final String NAME = "placement";

    private static final double PLACEMENT_NANOS = 1e9 / 5_000;
    private static final double SLOWEST_NANOS = 5e6;
    private static final double CHOICE_NANOS = 1e6;
    private static final double GROWTH = 2;
    private static final int SLOWEST_PERCENT = 99;

    private PlacementBench() {}

    /**
     * Measures everything; takes about two minutes.
     *
     * @param progress is told what is being measured
     */
    public static BenchReport run(Consumer<String> progress) {
        List<Result> results = new ArrayList<>();
        progress.accept("a placement among 10,000 hosts with 8 devices each");
        double nanos = nanos(10_000);
        results.add(new Result(
                "place-10000",
                nanos / PLACEMENT_NANOS,
                1,
                "%,.0f placements/s of %,.0f".formatted(1e9 / nanos, 1e9 / PLACEMENT_NANOS)));
        progress.accept("the slowest of a hundred of them");
        double slowest =
                BenchmarkRuns.percentileNanos(PlaceInCell.class, "place", Map.of("hosts", "10000"), SLOWEST_PERCENT);
        results.add(new Result(
                "place-10000-p99",
                slowest / SLOWEST_NANOS,
                1,
                "%,.0f us of %,.0f us".formatted(slowest / 1e3, SLOWEST_NANOS / 1e3)));
        progress.accept("8 of 16 alike devices");
        double choice = BenchmarkRuns.medianNanos(ChooseEightOfSixteen.class, "choose", Map.of());
        results.add(new Result(
                "8-of-16",
                choice / CHOICE_NANOS,
                1,
                "%,.1f us of %,.0f us".formatted(choice / 1e3, CHOICE_NANOS / 1e3)));
        progress.accept("a placement among 1,000 and among 100,000 hosts");
        double few = nanos(1_000);
        double many = nanos(100_000);
        results.add(new Result(
                "place-100000-by-1000", many / few, GROWTH, "%,.1f us, %,.1f us".formatted(many / 1e3, few / 1e3)));
        return new BenchReport(NAME, results);
    }

    private static double nanos(int hosts) {
        return BenchmarkRuns.medianNanos(PlaceInCell.class, "place", Map.of("hosts", Integer.toString(hosts)));
    }
}
