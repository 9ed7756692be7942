package io.viommufleet.agent.vmm;

import io.viommufleet.agent.iommufd.Ioctl;
import io.viommufleet.agent.iommufd.Result;
import io.viommufleet.agent.vfio.ResetDevice;
import io.viommufleet.common.model.AttachFailure;
import io.viommufleet.common.model.AttachStep;
import io.viommufleet.common.model.HostDevice;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * The reset of a device between two VMs. Without it, what one guest left in the device (its firmware's state, its memory, work
 * that goes on) would be the next one's.
 */
final class DeviceReset {
    private DeviceReset() {}

    /**
     * Resets a device; one that is known not to can is not tried, as QEMU does not try it.
     *
     * @param call makes the call
     * @return why the device is not clean
     */
    static Optional<AttachFailure> reset(HostDevice device, Supplier<Result<Ioctl.Done>> call) {
        if (device.canReset().equals(Optional.of(false))) {
            return Optional.of(new AttachFailure(
                    AttachStep.RESET,
                    Optional.empty(),
                    Optional.empty(),
                    "%s has no reset: what the VM left in it would be the next one's".formatted(device.bdf())));
        }
        Result<Ioctl.Done> result = call.get();
        return result.isOk()
                ? Optional.empty()
                : Optional.of(new AttachFailure(
                        AttachStep.RESET,
                        Optional.of(ResetDevice.NAME),
                        Optional.of(String.valueOf(result.errno())),
                        "the reset of %s failed with %s: what the VM left in it would be the next one's"
                                .formatted(device.bdf(), result.errno())));
    }
}
