package io.viommufleet.agent.vmm;

import io.viommufleet.agent.iommufd.Destroy;
import io.viommufleet.agent.iommufd.Ioctl;
import io.viommufleet.agent.iommufd.Result;
import io.viommufleet.agent.vfio.AttachPt;
import io.viommufleet.agent.vfio.DetachPt;
import io.viommufleet.agent.vfio.VfioDeviceFile;
import io.viommufleet.agent.vfio.VfioFlags;
import io.viommufleet.common.model.GuestCall;
import io.viommufleet.common.model.GuestReport;
import io.viommufleet.common.model.GuestStep;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * One step of a guest while it runs: the kernel calls that it leads to, how to take them back, and what is only given up once the whole step has
 * succeeded.
 */
final class GuestActivity {
    private final VmProcess vm;
    private final List<GuestCall> calls = new ArrayList<>();
    private final Deque<Runnable> undo = new ArrayDeque<>();
    private final List<Runnable> givenUp = new ArrayList<>();
    private String note = "";

    GuestActivity(VmProcess vm) {
        this.vm = vm;
    }

    /** What a step does. */
    @FunctionalInterface
    interface Body {
        /** Does it. */
        void run(GuestActivity activity) throws GuestFailure;
    }

    /** Runs a step to its end, or takes back what it did. */
    GuestReport run(GuestStep step, Body body) {
        Optional<GuestReport.Failure> failure = attempt(body);
        return new GuestReport(step, calls, failure, note);
    }

    /** The same for what is no step of a script; gives the reason of a failure. */
    Optional<GuestReport.Failure> attempt(Body body) {
        try {
            body.run(this);
        } catch (GuestFailure failed) {
            undo.forEach(Runnable::run);
            return Optional.of(failed.failure());
        }
        givenUp.forEach(Runnable::run);
        return Optional.empty();
    }

    VmProcess vm() {
        return vm;
    }

    /** Says what no call tells. */
    void note(String words) {
        note = words;
    }

    /** Notes how to take back what was just done; what was done last is taken back first. */
    void onFailure(Runnable step) {
        undo.push(step);
    }

    /** Notes what to do when the whole step has succeeded, in this order. It cannot fail the step any more. */
    void onSuccess(Runnable step) {
        givenUp.add(step);
    }

    /** Makes a call that the step cannot go on without. */
    <R> R call(Ioctl<R> ioctl) throws GuestFailure {
        return require(ioctl.name(), vm.iommufd().call(ioctl));
    }

    /** A call of the viommu family, which older kernels do not know. */
    <R> R callViommu(Ioctl<R> ioctl) throws GuestFailure {
        return require(ioctl.name(), vm.tryViommu(ioctl));
    }

    /** Makes a call whose failure is only told; says whether it succeeded. */
    boolean tryCall(Ioctl<?> ioctl) {
        Result<?> result = vm.iommufd().call(ioctl);
        record(ioctl.name(), result);
        return result.isOk();
    }

    /** Destroys an object; a failure is only told. Says whether it is gone. */
    boolean destroy(int id) {
        return tryCall(new Destroy(id));
    }

    /** Attaches a device, or one PASID of it, to an HWPT; with none, detaches it. */
    void move(VfioDeviceFile file, int pasid, OptionalInt hwpt) throws GuestFailure {
        String call = hwpt.isPresent() ? "VFIO_DEVICE_ATTACH_IOMMUFD_PT" : "VFIO_DEVICE_DETACH_IOMMUFD_PT";
        require(call, moved(file, pasid, hwpt));
    }

    /** The same where nothing can be done about a failure. */
    void moveBack(VfioDeviceFile file, int pasid, OptionalInt hwpt) {
        String call = hwpt.isPresent() ? "VFIO_DEVICE_ATTACH_IOMMUFD_PT" : "VFIO_DEVICE_DETACH_IOMMUFD_PT";
        record(call, moved(file, pasid, hwpt));
    }

    private static Result<?> moved(VfioDeviceFile file, int pasid, OptionalInt hwpt) {
        if (hwpt.isPresent()) {
            return file.attach(
                    pasid == 0
                            ? new AttachPt(hwpt.getAsInt())
                            : new AttachPt(AttachPt.FULL_BYTES, VfioFlags.PASID, hwpt.getAsInt(), pasid));
        }
        return file.detach(pasid == 0 ? new DetachPt() : new DetachPt(DetachPt.FULL_BYTES, VfioFlags.PASID, pasid));
    }

    /** Notes a call that was made elsewhere, and its result. */
    <R> R require(String call, Result<R> result) throws GuestFailure {
        record(call, result);
        if (!result.isOk()) {
            throw GuestFailure.of(call, result);
        }
        return result.value();
    }

    private void record(String call, Result<?> result) {
        Optional<String> errno = Optional.ofNullable(result.errno()).map(Enum::name);
        if (!calls.isEmpty()) {
            GuestCall last = calls.getLast();
            if (last.name().equals(call) && last.errno().equals(errno)) {
                calls.set(calls.size() - 1, new GuestCall(call, last.times() + 1, errno));
                return;
            }
        }
        calls.add(new GuestCall(call, 1, errno));
    }
}
