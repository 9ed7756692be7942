package io.viommufleet.agent.iommufd;

import static io.viommufleet.agent.iommufd.system.Errno.EINVAL;
import static io.viommufleet.agent.iommufd.system.Errno.EOPNOTSUPP;

import io.viommufleet.agent.iommufd.driver.Domain;
import io.viommufleet.agent.iommufd.driver.IommuDevice;
import io.viommufleet.agent.iommufd.driver.IommuGroup;
import io.viommufleet.agent.iommufd.system.KernelFailure;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** An iommu group within one context: what its devices and their PASIDs are attached to. The hardware always moves as a whole group. */
final class DeviceGroup {
    /** The slot of the devices themselves, that is of requests without a PASID. */
    static final int NO_PASID = 0;

    private final IommuGroup group;
    private final TreeMap<Integer, AttachSlot> slots = new TreeMap<>(Integer::compareUnsigned);
    private int devices;

    DeviceGroup(IommuGroup group) {
        this.group = group;
    }

    IommuGroup group() {
        return group;
    }

    @Nullable
    AttachSlot slot(int pasid) {
        return slots.get(pasid);
    }

    /** The PASIDs in use, in ascending order, without the devices themselves. */
    List<Integer> pasids() {
        return new ArrayList<>(slots.tailMap(NO_PASID, false).keySet());
    }

    void addDevice() {
        devices++;
    }

    /** A device leaves; true when it was the last. */
    boolean removeDevice() {
        return --devices == 0;
    }

    /** Attaches the first device of a slot; to attach a PASID it must have PASIDs, other than its group mates. */
    AttachSlot open(int pasid, Hwpt hwpt, IommuDevice first) throws KernelFailure {
        checkPasidCompatible(pasid, hwpt);
        enableFaults(hwpt);
        if (pasid != NO_PASID && first.attachesPasids() && first.traits().maxPasids() == 0) {
            throw EINVAL.failure();
        }
        move(pasid, hwpt.domain(), null);
        AttachSlot slot = new AttachSlot(hwpt);
        slots.put(pasid, slot);
        return slot;
    }

    /** Moves a slot with all its devices to another HWPT. */
    void replace(int pasid, AttachSlot slot, Hwpt hwpt) throws KernelFailure {
        checkPasidCompatible(pasid, hwpt);
        enableFaults(hwpt);
        move(pasid, hwpt.domain(), slot.hwpt().domain());
        slot.setHwpt(hwpt);
    }

    /** The last device of a slot leaves. */
    void close(int pasid) {
        slots.remove(pasid);
        for (IommuDevice device : group.devices()) {
            if (pasid == NO_PASID) {
                device.block();
            } else {
                device.blockPasid(pasid);
            }
        }
    }

    private void checkPasidCompatible(int pasid, Hwpt hwpt) throws KernelFailure {
        if (pasid == NO_PASID) {
            if (!hwpt.isPasidCompatible() && slots.higherKey(NO_PASID) != null) {
                throw EINVAL.failure();
            }
            return;
        }
        AttachSlot devicesThemselves = slot(NO_PASID);
        boolean blocked = devicesThemselves != null && !devicesThemselves.hwpt().isPasidCompatible();
        if (!hwpt.isPasidCompatible() || blocked) {
            throw EINVAL.failure();
        }
    }

    private void enableFaults(Hwpt hwpt) throws KernelFailure {
        if (hwpt.faults() != null) {
            for (IommuDevice device : group.devices()) {
                device.enableFaults();
            }
        }
    }

    private void move(int pasid, Domain target, @Nullable Domain old) throws KernelFailure {
        if (pasid != NO_PASID) {
            checkPasid(pasid, target);
        }
        List<IommuDevice> moved = new ArrayList<>();
        try {
            for (IommuDevice device : group.devices()) {
                moveDevice(device, pasid, target, old);
                moved.add(device);
            }
        } catch (KernelFailure failure) {
            moved.forEach(device -> moveBack(device, pasid, target, old));
            throw failure;
        }
    }

    private static void moveDevice(IommuDevice device, int pasid, Domain target, @Nullable Domain old)
            throws KernelFailure {
        if (!device.driver().equals(target.driver())) {
            throw EINVAL.failure();
        }
        if (pasid == NO_PASID) {
            device.attach(target);
        } else if (device.traits().maxPasids() > 0) {
            device.attachPasid(pasid, target, old);
        }
    }

    private static void moveBack(IommuDevice device, int pasid, Domain target, @Nullable Domain old) {
        try {
            if (old != null) {
                moveDevice(device, pasid, /* target= */ old, /* old= */ target);
            } else if (pasid == NO_PASID) {
                device.block();
            } else {
                device.blockPasid(pasid);
            }
        } catch (KernelFailure impossible) {
            throw new IllegalStateException(
                    "%s cannot go back to a domain that it was attached to".formatted(device.name()), impossible);
        }
    }

    private void checkPasid(int pasid, Domain target) throws KernelFailure {
        for (IommuDevice device : group.devices()) {
            if (!device.attachesPasids()) {
                throw EOPNOTSUPP.failure();
            }
            int width = device.traits().maxPasids();
            boolean tooWide = width > 0 && Integer.compareUnsigned(pasid, width) >= 0;
            if (tooWide || !device.driver().equals(target.driver())) {
                throw EINVAL.failure();
            }
        }
    }
}
