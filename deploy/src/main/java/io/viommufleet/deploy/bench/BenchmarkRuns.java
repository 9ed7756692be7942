package io.viommufleet.deploy.bench;

import io.viommufleet.common.FleetError;
import io.viommufleet.common.FleetException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.format.OutputFormatFactory;
import org.openjdk.jmh.runner.options.ChainedOptionsBuilder;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import org.openjdk.jmh.runner.options.VerboseMode;

/** Runs one JMH benchmark at a time, each in a JVM of its own with the optimizing compiler and room. */
final class BenchmarkRuns {
    private static final int WARMUPS = 8;
    private static final int ITERATIONS = 9;
    private static final TimeValue ITERATION = TimeValue.milliseconds(200);
    private static final double MEDIAN = 50;

    static {
        // The lock is one file of this machine, which another user may own; ratios do not need it.
        System.setProperty("jmh.ignoreLock", "true");
    }

    private BenchmarkRuns() {}

    /**
     * What an operation of one benchmark takes: the median over its iterations, in nanoseconds of {@link ProcessorTime}.
     *
     * @throws FleetException FAILED if it does not run
     */
    static double medianNanos(Class<?> benchmark, String method, Map<String, String> parameters) {
        ChainedOptionsBuilder options = options(benchmark, method, parameters).addProfiler(ProcessorTime.class);
        return Objects.requireNonNull(
                        run(benchmark, method, options).getSecondaryResults().get(ProcessorTime.LABEL))
                .getStatistics()
                .getPercentile(MEDIAN);
    }

    /**
     * What the slowest operations of one benchmark take at least, in nanoseconds on the clock; other work on the machine counts.
     *
     * @param percent how many operations are faster
     * @throws FleetException FAILED if it does not run
     */
    static double percentileNanos(Class<?> benchmark, String method, Map<String, String> parameters, int percent) {
        ChainedOptionsBuilder options =
                options(benchmark, method, parameters).mode(Mode.SampleTime).timeUnit(TimeUnit.NANOSECONDS);
        return run(benchmark, method, options)
                .getPrimaryResult()
                .getStatistics()
                .getPercentile(percent);
    }

    private static ChainedOptionsBuilder options(Class<?> benchmark, String method, Map<String, String> parameters) {
        ChainedOptionsBuilder options = new OptionsBuilder()
                .include("^" + Pattern.quote(benchmark.getName() + "." + method) + "$")
                .forks(1)
                .jvmArgs("-Xms1500m", "-Xmx1500m", "-XX:+UseSerialGC", "-Xbatch", "-XX:-UsePerfData")
                .jvmArgsAppend("--sun-misc-unsafe-memory-access=allow")
                .warmupIterations(WARMUPS)
                .warmupTime(ITERATION)
                .measurementIterations(ITERATIONS)
                .measurementTime(ITERATION)
                .shouldFailOnError(true);
        parameters.forEach(options::param);
        return options;
    }

    private static RunResult run(Class<?> benchmark, String method, ChainedOptionsBuilder options) {
        PrintStream nowhere = new PrintStream(OutputStream.nullOutputStream(), false, StandardCharsets.UTF_8);
        try {
            return new Runner(options.build(), OutputFormatFactory.createFormatInstance(nowhere, VerboseMode.SILENT))
                    .runSingle();
        } catch (RunnerException failure) {
            throw new FleetException(
                    FleetError.FAILED,
                    "benchmark %s.%s did not run: %s"
                            .formatted(benchmark.getSimpleName(), method, failure.getMessage()));
        }
    }
}
