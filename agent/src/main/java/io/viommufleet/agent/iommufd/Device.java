package io.viommufleet.agent.iommufd;

import static io.viommufleet.agent.iommufd.DeviceGroup.NO_PASID;
import static io.viommufleet.agent.iommufd.system.Errno.EBUSY;
import static io.viommufleet.agent.iommufd.system.Errno.EINVAL;
import static io.viommufleet.agent.iommufd.system.Errno.ENOENT;
import static io.viommufleet.agent.iommufd.system.Errno.EPERM;

import io.viommufleet.agent.iommufd.driver.IommuDevice;
import io.viommufleet.agent.iommufd.driver.UserData;
import io.viommufleet.agent.iommufd.system.Errno;
import io.viommufleet.agent.iommufd.system.KernelFailure;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A device that is bound to a context. What VFIO does with it goes through here. */
public final class Device extends IommufdObject {
    private final IommuDevice hardware;
    private final DeviceGroup group;
    private final boolean holdsFile;
    private @Nullable Vdevice vdevice;

    private Device(Iommufd context, int id, IommuDevice hardware, DeviceGroup group, boolean holdsFile) {
        super(context, id);
        this.hardware = hardware;
        this.group = group;
        this.holdsFile = holdsFile;
    }

    /**
     * Binds a device: EINVAL when DMA is not coherent or firmware wants fixed mappings, EPERM when MSIs are not isolated or another owner has the group,
     * EBUSY when the kernel uses the group.
     */
    static Device bind(Iommufd context, IommuDevice hardware, boolean holdsFile) throws KernelFailure {
        if (!hardware.traits().cacheCoherent()) {
            throw EINVAL.failure();
        }
        if (!hardware.traits().isolatedMsi() && !context.kernel().allowsUnsafeInterrupts()) {
            throw EPERM.failure();
        }
        hardware.group().claim(context);
        if (hardware.traits().directMappingsRequired()) {
            hardware.group().unclaim();
            throw EINVAL.failure();
        }
        int id = context.objects().reserve();
        Device device = new Device(context, id, hardware, context.groupOf(hardware.group()), holdsFile);
        device.group.addDevice();
        device.hold();
        context.objects().install(device);
        if (holdsFile) {
            context.holdFile();
        }
        return device;
    }

    @Override
    public ObjectKind kind() {
        return ObjectKind.DEVICE;
    }

    /** The device as its IOMMU driver sees it. */
    public IommuDevice hardware() {
        return hardware;
    }

    /** The HWPT that a PASID (0: the device itself) is attached to, or null. */
    public @Nullable Hwpt attachedTo(int pasid) {
        AttachSlot slot = group.slot(pasid);
        return slot == null ? null : slot.hwpt();
    }

    /**
     * Attaches to a HWPT or an IOAS.
     *
     * @return id of the HWPT in use
     */
    public int attach(int pasid, int ptId) throws KernelFailure {
        return change(pasid, ptId, false);
    }

    /**
     * Moves to another HWPT or IOAS without a moment between.
     *
     * @return id of the HWPT in use
     */
    public int replace(int pasid, int ptId) throws KernelFailure {
        return change(pasid, ptId, true);
    }

    /** Detaches; nothing happens when not attached. */
    public void detach(int pasid) {
        AttachSlot slot = group.slot(pasid);
        if (slot == null || !slot.devices().remove(this)) {
            return;
        }
        Hwpt hwpt = slot.hwpt();
        if (slot.devices().isEmpty()) {
            group.close(pasid);
            answerFaults(hwpt, pasid);
        }
        if (pasid == NO_PASID) {
            hwpt.paging().ioas().space().release(this);
        }
        drop();
        put(hwpt, 1);
    }

    /** Ends the binding: every PASID and the device are detached, its vdevice destroyed, the group given back. */
    public void unbind() {
        for (int pasid : group.pasids()) {
            detach(pasid);
        }
        detach(NO_PASID);
        unbindDetached();
    }

    /** Ends the binding of a device that its user has detached. */
    public void unbindDetached() {
        if (vdevice != null) {
            vdevice.forceDestroy();
        }
        if (group.removeDevice()) {
            context().forgetGroup(group);
        }
        hardware.group().unclaim();
        context().objects().free(id());
        if (holdsFile) {
            context().dropFile();
        }
    }

    @Nullable
    Vdevice vdevice() {
        return vdevice;
    }

    void setVdevice(@Nullable Vdevice newVdevice) {
        vdevice = newVdevice;
    }

    DeviceGroup group() {
        return group;
    }

    @Override
    void destroy() {
        throw new IllegalStateException("a bound device is held by its driver");
    }

    private int change(int pasid, int ptId, boolean replacing) throws KernelFailure {
        IommufdObject target = context().find(ptId);
        return switch (target) {
            case null -> throw ENOENT.failure();
            case Hwpt hwpt -> {
                changeTo(pasid, hwpt, replacing);
                yield hwpt.id();
            }
            case Ioas ioas -> changeToSome(pasid, ioas, replacing).id();
            case Device _, Access _, FaultQueue _, Viommu _, Vdevice _, EventQueue _, HwQueue _, ForeignObject _ ->
                throw EINVAL.failure();
        };
    }

    /** An automatic HWPT of the IOAS that accepts the device, or a new one. */
    private Hwpt changeToSome(int pasid, Ioas ioas, boolean replacing) throws KernelFailure {
        for (HwptPaging candidate : List.copyOf(ioas.hwpts())) {
            if (!candidate.isAutomatic()) {
                continue;
            }
            try {
                changeTo(pasid, candidate, replacing);
                return candidate;
            } catch (KernelFailure failure) {
                if (failure.errno() != EINVAL) {
                    throw failure;
                }
            }
        }
        return changeToNew(pasid, ioas, replacing);
    }

    private Hwpt changeToNew(int pasid, Ioas ioas, boolean replacing) throws KernelFailure {
        int id = context().objects().reserve();
        HwptPaging hwpt;
        try {
            hwpt = HwptAllocation.allocatePaging(this, id, ioas, 0, UserData.NONE, replacing ? null : pasid);
        } catch (KernelFailure failure) {
            context().objects().free(id);
            throw failure;
        }
        if (replacing) {
            try {
                replaceWith(pasid, hwpt);
            } catch (KernelFailure failure) {
                hwpt.destroy();
                context().objects().free(id);
                throw failure;
            }
        }
        hwpt.setAutomatic();
        context().objects().install(hwpt);
        return hwpt;
    }

    private void changeTo(int pasid, Hwpt hwpt, boolean replacing) throws KernelFailure {
        if (replacing) {
            replaceWith(pasid, hwpt);
        } else {
            attachTo(pasid, hwpt);
        }
    }

    /** Attaches to one HWPT: EBUSY attached already, EINVAL when the group is elsewhere, EADDRINUSE when reserved regions are taken. */
    void attachTo(int pasid, Hwpt hwpt) throws KernelFailure {
        AttachSlot slot = group.slot(pasid);
        if (slot != null && slot.devices().contains(this)) {
            throw EBUSY.failure();
        }
        if (slot != null && slot.hwpt() != hwpt) {
            throw EINVAL.failure();
        }
        if (pasid == NO_PASID) {
            hwpt.paging().ioas().reserveFor(this);
        }
        try {
            AttachSlot joined = slot == null ? group.open(pasid, hwpt, hardware) : slot;
            joined.devices().add(this);
        } catch (KernelFailure failure) {
            if (pasid == NO_PASID) {
                hwpt.paging().ioas().space().release(this);
            }
            throw failure;
        }
        hwpt.hold();
        hold();
    }

    private void replaceWith(int pasid, Hwpt hwpt) throws KernelFailure {
        AttachSlot slot = group.slot(pasid);
        if (slot == null || !slot.devices().contains(this)) {
            throw EINVAL.failure();
        }
        Hwpt old = slot.hwpt();
        if (old == hwpt) {
            return;
        }
        Ioas oldIoas = old.paging().ioas();
        Ioas newIoas = hwpt.paging().ioas();
        boolean moves = pasid == NO_PASID && oldIoas != newIoas;
        if (moves) {
            reserveForAll(slot, newIoas);
        }
        try {
            group.replace(pasid, slot, hwpt);
        } catch (KernelFailure failure) {
            if (moves) {
                slot.devices().forEach(device -> newIoas.space().release(device));
            }
            throw failure;
        }
        if (moves) {
            slot.devices().forEach(device -> oldIoas.space().release(device));
        }
        answerFaults(old, pasid);
        hwpt.hold(slot.devices().size());
        put(old, slot.devices().size());
    }

    private static void reserveForAll(AttachSlot slot, Ioas ioas) throws KernelFailure {
        List<Device> reserved = new ArrayList<>();
        try {
            for (Device device : slot.devices()) {
                ioas.reserveFor(device);
                reserved.add(device);
            }
        } catch (KernelFailure failure) {
            reserved.forEach(device -> ioas.space().release(device));
            throw failure;
        }
    }

    private void answerFaults(Hwpt hwpt, int pasid) {
        FaultQueue faults = hwpt.faults();
        if (faults != null) {
            faults.answerAll(group, pasid);
        }
    }

    /** Gives references back; an automatic HWPT that nobody else holds is destroyed. */
    private void put(Hwpt hwpt, int references) {
        hwpt.drop(references);
        if (hwpt instanceof HwptPaging paging && paging.isAutomatic() && paging.users() == 1) {
            try {
                context().objects().destroy(paging.id());
            } catch (KernelFailure impossible) {
                Errno errno = impossible.errno();
                throw new IllegalStateException("HWPT %d cannot be destroyed: %s".formatted(paging.id(), errno));
            }
        }
    }
}
