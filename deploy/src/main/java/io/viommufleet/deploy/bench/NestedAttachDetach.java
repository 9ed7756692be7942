package io.viommufleet.deploy.bench;

import io.viommufleet.agent.iommufd.Destroy;
import io.viommufleet.agent.iommufd.HwptAlloc;
import io.viommufleet.agent.iommufd.HwptFlags;
import io.viommufleet.agent.iommufd.ObjectSnapshot;
import io.viommufleet.agent.iommufd.driver.UserData;
import io.viommufleet.agent.iommufd.system.UserBuffer;
import io.viommufleet.agent.vfio.AttachPt;
import io.viommufleet.agent.vfio.VfioDeviceFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;

/** What a guest's PASID entry costs: its first-stage HWPT is made on the parent, the device moves to it, back to the parent, and the HWPT goes. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class NestedAttachDetach {
    private static final long SECTION_BYTES = 1L << 28;
    private static final int VTD_FIRST_STAGE = 1;
    private static final int VTD_FIRST_STAGE_BYTES = 24;
    private static final int ADDRESS_BITS = 48;

    private final EmulatedVm vm = new EmulatedVm();
    private final VfioDeviceFile file = vm.bind();
    private final int deviceId = Objects.requireNonNull(file.binding()).id();
    private final int parent = vm.allocateHwpt(HwptFlags.NEST_PARENT, deviceId);
    private final UserData firstStage = firstStage();

    /** A device on its nesting parent, with eight sections of RAM mapped. */
    public NestedAttachDetach() {
        for (int index = 0; index < AttachDetach.RAM_SECTIONS; index++) {
            vm.mapMemory(2 * SECTION_BYTES * index, SECTION_BYTES);
        }
        file.attach(new AttachPt(parent)).value();
    }

    ObjectSnapshot objects() {
        return vm.iommufd().snapshot();
    }

    int parent() {
        return parent;
    }

    /** Makes the nested HWPT and moves the device to it; gives its id. */
    int nest() {
        int nested = vm.iommufd()
                .call(new HwptAlloc(0, deviceId, parent, firstStage, 0, 0))
                .value()
                .hwptId();
        file.attach(new AttachPt(nested)).value();
        return nested;
    }

    /** Moves the device back to the parent and destroys the nested HWPT. */
    void leave(int nested) {
        file.attach(new AttachPt(parent)).value();
        vm.iommufd().call(new Destroy(nested)).value();
    }

    /** One cycle; gives the id of the nested HWPT. */
    @Benchmark
    public int nestedAttachDetach() {
        int nested = nest();
        leave(nested);
        return nested;
    }

    private static UserData firstStage() {
        byte[] struct = ByteBuffer.allocate(VTD_FIRST_STAGE_BYTES)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(0)
                .putLong(0x1000)
                .putInt(ADDRESS_BITS)
                .array();
        return new UserData(VTD_FIRST_STAGE, VTD_FIRST_STAGE_BYTES, UserBuffer.of(struct));
    }
}
