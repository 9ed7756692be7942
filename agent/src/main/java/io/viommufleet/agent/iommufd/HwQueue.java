package io.viommufleet.agent.iommufd;

import io.viommufleet.agent.iommufd.driver.HardwareQueues;
import org.jspecify.annotations.Nullable;

/** A queue that hardware reads from guest memory; its pages stay pinned and mapped while it exists. */
public final class HwQueue extends IommufdObject {
    private final Viommu viommu;
    private final HardwareQueues hardware;
    private final int index;
    private final Access access;
    private final long iova;
    private final long lengthBytes;
    private final @Nullable HwQueue earlier;

    HwQueue(int id, Viommu viommu, HardwareQueues hardware, Location location, @Nullable HwQueue earlier) {
        super(viommu.context(), id);
        this.viommu = viommu;
        this.hardware = hardware;
        this.index = location.index();
        this.access = location.access();
        this.iova = location.iova();
        this.lengthBytes = location.lengthBytes();
        this.earlier = earlier;
        viommu.hold();
        viommu.addHardwareQueue(this);
        if (earlier != null) {
            earlier.hold();
        }
    }

    /** Where a queue lies: its number, and the pinned pages. */
    record Location(int index, Access access, long iova, long lengthBytes) {}

    @Override
    public ObjectKind kind() {
        return ObjectKind.HW_QUEUE;
    }

    int index() {
        return index;
    }

    @Override
    void destroy() {
        hardware.stop(index);
        viommu.removeHardwareQueue(this);
        access.unpin(iova, lengthBytes, true);
        access.close();
        if (earlier != null) {
            earlier.drop();
        }
        viommu.drop();
    }
}
