package io.viommufleet.agent.iommufd.driver;

import static io.viommufleet.agent.iommufd.system.Errno.EOPNOTSUPP;

import io.viommufleet.agent.iommufd.system.KernelFailure;
import java.util.OptionalLong;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** The slice of an IOMMU that a guest's vIOMMU drives: it nests domains, takes guest invalidations, and names devices by their virtual ids. */
public abstract class HardwareViommu {
    private final IommuDriver driver;
    private final PagingDomain parent;
    private final TreeMap<Long, IommuDevice> devices = new TreeMap<>(Long::compareUnsigned);
    private EventSink events = (type, data) -> {
        throw EOPNOTSUPP.failure();
    };

    /** A slice on {@code parent}. */
    protected HardwareViommu(IommuDriver driver, PagingDomain parent) {
        this.driver = driver;
        this.parent = parent;
    }

    /** Where events of the guest's devices go. */
    public interface EventSink {
        /** Reports {@code data} to the queue of {@code type}; EOPNOTSUPP when there is none. */
        void report(int type, byte[] data) throws KernelFailure;
    }

    /** The driver that made it. */
    public final IommuDriver driver() {
        return driver;
    }

    /** The stage 2 beneath. */
    public final PagingDomain parent() {
        return parent;
    }

    /** Whether devices of {@code device}'s IOMMU belong here. */
    public abstract boolean serves(IommuDevice device);

    /** Whether nested domains can be made through it. */
    public abstract boolean nests();

    /** Makes a nested domain. */
    public abstract NestedDomain allocateNested(int flags, UserData data) throws KernelFailure;

    /** How HWPT_INVALIDATE works on it; null when the driver has no such operation. */
    public @Nullable Invalidator invalidator() {
        return null;
    }

    /** Checks a new vdevice; most drivers take any. */
    public void checkVdevice(IommuDevice device, long virtualId) throws KernelFailure {
        // nothing to refuse
    }

    /** The hardware queues of a type, or null when the driver has none of it. */
    public @Nullable HardwareQueues queues(int type) {
        return null;
    }

    /** Bytes of the region that user space may map, 0 for none. */
    public int mappableBytes() {
        return 0;
    }

    /** First 32-bit word of the mappable region. */
    public int mappedWord() {
        return 0;
    }

    /** The core found an offset for {@link #mappableBytes()}. */
    public void publish(long offset) throws KernelFailure {
        // only drivers with a region tell the caller
    }

    /** The viommu is gone. */
    public void released() {
        // most drivers hold nothing for it
    }

    /** How many devices have virtual ids. */
    public final int deviceCount() {
        return devices.size();
    }

    /** A device got a virtual id. */
    public final void addDevice(long virtualId, IommuDevice device) {
        devices.put(virtualId, device);
    }

    /** A virtual id is free again. */
    public final void removeDevice(long virtualId) {
        devices.remove(virtualId);
    }

    /** The device with a virtual id, or null. */
    public final @Nullable IommuDevice deviceOf(long virtualId) {
        return devices.get(virtualId);
    }

    /** The virtual id of a device. */
    public final OptionalLong virtualIdOf(IommuDevice device) {
        return devices.entrySet().stream()
                .filter(entry -> entry.getValue().equals(device))
                .mapToLong(entry -> entry.getKey())
                .findFirst();
    }

    /** Where the core wants events. */
    public final void setEventSink(EventSink sink) {
        events = sink;
    }

    /** Reports an event to the guest. */
    public final void reportEvent(int type, byte[] data) throws KernelFailure {
        events.report(type, data);
    }
}
