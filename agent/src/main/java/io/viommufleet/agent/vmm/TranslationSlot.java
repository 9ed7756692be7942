package io.viommufleet.agent.vmm;

import io.viommufleet.agent.vfio.AttachPt;
import io.viommufleet.agent.vfio.DetachPt;
import io.viommufleet.agent.vfio.VfioDeviceFile;
import io.viommufleet.agent.vfio.VfioFlags;
import java.util.OptionalInt;

/**
 * What a device, or one PASID of it, is attached to on the host, and the nested HWPT that was made for it. The old HWPT goes when the device has left it,
 * as QEMU does; when the attach fails, the old one stays.
 */
final class TranslationSlot {
    private final VfioDeviceFile file;
    private final int pasid;
    private final LeftOvers leftOvers = new LeftOvers();
    private OptionalInt hwpt;
    private OptionalInt nested = OptionalInt.empty();

    /** A device with its HWPT at this moment; a PASID has none before the guest makes use of it. */
    TranslationSlot(VfioDeviceFile file, int pasid, OptionalInt hwpt) {
        this.file = file;
        this.pasid = pasid;
        this.hwpt = hwpt;
    }

    int pasid() {
        return pasid;
    }

    /** The nested HWPT of the guest's first stage; empty while it has none. */
    OptionalInt nested() {
        return nested;
    }

    /** Moves to an HWPT that is not the slot's own; with none, detaches. What is so already costs no call. */
    void moveTo(OptionalInt target, GuestActivity activity) throws GuestFailure {
        if (!target.equals(hwpt)) {
            change(target, OptionalInt.empty(), activity);
        }
    }

    /** Moves to a nested HWPT that was just made for the slot; it goes if that fails. */
    void moveToNested(int made, GuestActivity activity) throws GuestFailure {
        activity.onFailure(() -> leftOvers.destroy(made, activity));
        change(OptionalInt.of(made), OptionalInt.of(made), activity);
    }

    private void change(OptionalInt target, OptionalInt nestedTarget, GuestActivity activity) throws GuestFailure {
        OptionalInt hwptBefore = hwpt;
        OptionalInt nestedBefore = nested;
        activity.move(file, pasid, target);
        hwpt = target;
        nested = nestedTarget;
        activity.onFailure(() -> {
            activity.moveBack(file, pasid, hwptBefore);
            hwpt = hwptBefore;
            nested = nestedBefore;
        });
        if (nestedBefore.isPresent()) {
            activity.onSuccess(() -> leftOvers.destroy(nestedBefore.getAsInt(), activity));
        }
    }

    /** The device goes: it is moved to its default HWPT if the guest's first stage is in use. A failure is only told. */
    void leave(int defaultHwpt, UndoStack stack) {
        if (pasid == 0 && nested.isPresent()) {
            stack.report("VFIO_DEVICE_ATTACH_IOMMUFD_PT", file.attach(new AttachPt(defaultHwpt)));
        }
    }

    /** Frees what was made for the guest; a PASID is detached, the device itself is on its default HWPT already. */
    void release(VmProcess vm, UndoStack stack) {
        if (pasid != 0 && hwpt.isPresent()) {
            stack.report(
                    "VFIO_DEVICE_DETACH_IOMMUFD_PT",
                    file.detach(new DetachPt(DetachPt.FULL_BYTES, VfioFlags.PASID, pasid)));
        }
        nested.ifPresent(id -> vm.destroy(id, stack));
        leftOvers.release(vm, stack);
        nested = OptionalInt.empty();
        hwpt = OptionalInt.empty();
    }
}
