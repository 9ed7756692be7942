package io.viommufleet.deploy.bench;

import java.util.List;

/**
 * What a benchmark found.
 *
 * @param name of the benchmark
 * @param results one per metric, in the order of measuring
 */
public record BenchReport(String name, List<Result> results) {
    public BenchReport {
        results = List.copyOf(results);
    }

    /** Whether every metric reaches its goal. */
    public boolean met() {
        return results.stream().allMatch(Result::met);
    }

    /**
     * One metric.
     *
     * @param metric its name, stable for scripts
     * @param ratio measured cost by the floor or the budget; smaller is better
     * @param goal the most that the ratio may be
     * @param measured both sides of the ratio in their own units, for people
     */
    public record Result(String metric, double ratio, double goal, String measured) {
        /** Whether the ratio reaches its goal. */
        public boolean met() {
            return ratio <= goal;
        }
    }
}
