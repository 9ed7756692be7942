package io.viommufleet.deploy.bench;

import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

/** One VM is placed, and the oldest one goes. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class PlaceInCell {
    /** Hosts of the cell. */
    @Param({"1000", "10000", "100000"})
    public int hosts;

    private BusyCell cell = new BusyCell(1);

    /** Fills the cell. */
    @Setup
    public void fill() {
        cell = new BusyCell(hosts);
    }

    /** Places, claims and releases; true where the VM was placed. */
    @Benchmark
    public boolean place() {
        cell.go();
        return cell.come();
    }
}
