package io.viommufleet.deploy.bench;

import io.viommufleet.common.model.Bdf;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;

/** Eight devices for one VM, of a host with sixteen alike ones of which another VM has every second. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class ChooseEightOfSixteen {
    private final BusyCell.EightOfSixteen market = new BusyCell.EightOfSixteen();

    /** The devices that were chosen, by guest device. */
    @Benchmark
    public Map<String, Bdf> choose() {
        return market.place();
    }
}
