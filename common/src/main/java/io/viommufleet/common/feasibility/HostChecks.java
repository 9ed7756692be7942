package io.viommufleet.common.feasibility;

import io.viommufleet.common.feasibility.HostCheck.Meeting;
import io.viommufleet.common.feasibility.HostCheckResult.Accepted;
import io.viommufleet.common.feasibility.HostCheckResult.Refused;
import io.viommufleet.common.viommu.AmdIommu;
import io.viommufleet.common.viommu.ArmSmmuv3;
import io.viommufleet.common.viommu.IntelIommu;
import io.viommufleet.common.viommu.RiscvIommu;
import io.viommufleet.common.viommu.Viommu;
import io.viommufleet.common.viommu.VirtioIommu;
import java.util.Map;
import java.util.Optional;

/**
 * What a vIOMMU model says when QEMU hands it a host device: {@code set_iommu_device} of each model, and its answer to the notifier that VFIO
 * registers. Models without the callback take every device.
 */
public final class HostChecks {
    private HostChecks() {}

    /**
     * Runs the model's checks in QEMU's order; the first that fails is the answer.
     *
     * @param viommu with every default filled in
     * @param path of the vIOMMU in the canonical configuration, such as {@code viommus[0]}
     * @param frozen values that an earlier device finalised, by property path
     * @param endpoint where in the guest the device is
     * @param host the attached device
     */
    public static HostCheckResult check(
            Viommu viommu, String path, Map<String, String> frozen, GuestEndpoint endpoint, HostIommuDevice host) {
        return switch (viommu) {
            case IntelIommu intel -> answer(IntelHostChecks.check(new Meeting<>(intel, endpoint, host)));
            case ArmSmmuv3 smmu ->
                SmmuV3HostChecks.check(
                        new Meeting<>(SmmuV3HostChecks.withValues(smmu, frozen, path), endpoint, host), path);
            case VirtioIommu virtio ->
                VirtioHostChecks.check(new Meeting<>(virtio, endpoint, host), path, frozen.get(path + ".granule"));
            case AmdIommu _, RiscvIommu _ -> new Accepted(Map.of());
        };
    }

    /** Why the model refuses the MAP notifier that VFIO registers (QEMU notify_flag_changed); empty if it does not. */
    public static Optional<Refused> refusesNotifier(Viommu viommu) {
        return switch (viommu) {
            case IntelIommu intel
            when intel.snoopControl().orElse(false) ->
                Optional.of(notifier("snoop-control=on", "with snoop-control=on no device can watch mappings"));
            case IntelIommu intel
            when !intel.cachingMode().orElse(false) ->
                Optional.of(notifier("caching-mode=off", "watching mappings needs caching-mode=on"));
            case ArmSmmuv3 smmu
            when !smmu.accel().orElse(false) ->
                Optional.of(notifier("accel=off", "an emulated SMMUv3 cannot report mappings: set accel=on"));
            case AmdIommu amd
            when !amd.dmaRemapping().orElse(false) ->
                Optional.of(notifier("dma-remap=off", "watching mappings needs dma-remap=on"));
            case IntelIommu _, ArmSmmuv3 _, AmdIommu _, VirtioIommu _, RiscvIommu _ -> Optional.empty();
        };
    }

    private static Refused notifier(String guest, String rule) {
        return new Refused("map-notifier", guest, "a VFIO device that must see every mapping", rule);
    }

    private static HostCheckResult answer(Optional<Refused> refused) {
        return refused.isPresent() ? refused.get() : new Accepted(Map.of());
    }
}
