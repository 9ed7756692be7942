package io.viommufleet.agent.iommufd;

import static io.viommufleet.agent.iommufd.system.Errno.EOPNOTSUPP;

import io.viommufleet.agent.iommufd.driver.HardwareViommu;
import io.viommufleet.agent.iommufd.system.KernelFailure;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A slice of an IOMMU given to a guest, on a nesting parent. */
public final class Viommu extends IommufdObject {
    private final HardwareViommu hardware;
    private final HwptPaging parent;
    private final Map<Integer, EventQueue> queues = new HashMap<>();
    private final Map<Integer, HwQueue> hardwareQueues = new HashMap<>();
    private long regionOffset;

    Viommu(Iommufd context, int id, HardwareViommu hardware, HwptPaging parent) {
        super(context, id);
        this.hardware = hardware;
        this.parent = parent;
        parent.hold();
        hardware.setEventSink(this::report);
    }

    @Override
    public ObjectKind kind() {
        return ObjectKind.VIOMMU;
    }

    /** The driver's side. */
    public HardwareViommu hardware() {
        return hardware;
    }

    /** The nesting parent. */
    public HwptPaging parent() {
        return parent;
    }

    void setRegionOffset(long offset) {
        regionOffset = offset;
    }

    @Nullable
    EventQueue queue(int type) {
        return queues.get(type);
    }

    void addQueue(EventQueue queue) {
        queues.put(queue.type(), queue);
    }

    void removeQueue(EventQueue queue) {
        queues.remove(queue.type());
    }

    @Nullable
    HwQueue hardwareQueue(int index) {
        return hardwareQueues.get(index);
    }

    void addHardwareQueue(HwQueue queue) {
        hardwareQueues.put(queue.index(), queue);
    }

    void removeHardwareQueue(HwQueue queue) {
        hardwareQueues.remove(queue.index(), queue);
    }

    private void report(int type, byte[] data) throws KernelFailure {
        EventQueue queue = queues.get(type);
        if (queue == null) {
            throw EOPNOTSUPP.failure();
        }
        queue.add(data);
    }

    @Override
    void destroy() {
        if (regionOffset != 0) {
            context().regions().withdraw(regionOffset);
        }
        hardware.released();
        parent.drop();
    }
}
