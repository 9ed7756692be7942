package io.viommufleet.deploy.bench;

import io.viommufleet.agent.iommufd.GetDirtyBitmap;
import io.viommufleet.agent.iommufd.HwptFlags;
import io.viommufleet.agent.iommufd.HwptPaging;
import io.viommufleet.agent.iommufd.SetDirtyTracking;
import io.viommufleet.agent.iommufd.system.UserBuffer;
import io.viommufleet.agent.vfio.VfioDeviceFile;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

/** GET_DIRTY_BITMAP over a large IOAS with one page in a hundred dirty, at random; its floor is a copy of as many bytes as the bitmap has. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class DirtyBitmap {
    private static final int PAGE_SHIFT = 12;
    private static final long PAGE_BYTES = 1L << PAGE_SHIFT;
    private static final int PAGES_PER_DIRTY_PAGE = 100;
    private static final long FIRST_IOVA = 1L << 32;
    private static final long SEED = 20_260_101;

    /** Memory that is mapped. */
    @Param("1024")
    public int gibibytes;

    private EmulatedVm vm = new EmulatedVm();
    private GetDirtyBitmap call = new GetDirtyBitmap(0, 0, 0, 0, 0, UserBuffer.ofNull(), 0);
    private byte[] bitmap = {};
    private byte[] source = {};

    /** Maps the memory and dirties its pages. */
    @Setup
    public void dirty() {
        vm = new EmulatedVm();
        long bytes = (long) gibibytes << 30;
        bitmap = new byte[(int) (bytes >>> (PAGE_SHIFT + 3))];
        source = new byte[bitmap.length];
        vm.mapMemory(FIRST_IOVA, bytes);
        VfioDeviceFile file = vm.bind();
        int id = vm.allocateHwpt(
                HwptFlags.DIRTY_TRACKING, Objects.requireNonNull(file.binding()).id());
        vm.iommufd().call(new SetDirtyTracking(SetDirtyTracking.ENABLE, id)).value();
        markOnePageInAHundred((HwptPaging) Objects.requireNonNull(vm.iommufd().find(id)), bytes >>> PAGE_SHIFT);
        call = new GetDirtyBitmap(GetDirtyBitmap.NO_CLEAR, id, FIRST_IOVA, bytes, PAGE_BYTES, UserBuffer.of(bitmap), 0);
    }

    private static void markOnePageInAHundred(HwptPaging hwpt, long pages) {
        Random random = new Random(SEED);
        for (long first = 0; first + PAGES_PER_DIRTY_PAGE <= pages; first += PAGES_PER_DIRTY_PAGE) {
            hwpt.markDirty(FIRST_IOVA + ((first + random.nextInt(PAGES_PER_DIRTY_PAGE)) << PAGE_SHIFT));
        }
    }

    /** Reads the dirty pages into the bitmap. */
    @Benchmark
    public byte[] dirtyBitmap() {
        vm.iommufd().call(call).value();
        return bitmap;
    }

    /** Copies a bitmap. */
    @Benchmark
    public byte[] copy() {
        System.arraycopy(source, 0, bitmap, 0, source.length);
        return bitmap;
    }
}
