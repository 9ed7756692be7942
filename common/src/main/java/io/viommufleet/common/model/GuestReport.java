package io.viommufleet.common.model;

import java.util.List;
import java.util.Optional;

/**
 * What one step of a guest's script led to on the host. A step that failed left the host as it found it, except for the vdevice of an SMMUv3, which stays
 * (QEMU smmuv3_accel_alloc_vdev); the steps after it run all the same.
 *
 * @param step what the guest did
 * @param calls in order; none for what a VMM does not see or answers itself
 * @param failure why it failed; empty when it succeeded
 * @param note what else there is to say; may be empty
 */
public record GuestReport(GuestStep step, List<GuestCall> calls, Optional<Failure> failure, String note) {
    /** Keeps a copy. */
    public GuestReport {
        calls = List.copyOf(calls);
    }

    /**
     * Why a step failed.
     *
     * @param ioctl the call that failed, or empty where the VMM itself refused
     * @param errno its error by name, or empty likewise
     * @param reason in words
     */
    public record Failure(Optional<String> ioctl, Optional<String> errno, String reason) {}

    /** Whether it succeeded. */
    public boolean ok() {
        return failure.isEmpty();
    }
}
