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
import java.util.regex.Pattern;

/**
 * What a vIOMMU model says when QEMU hands it a host device: {@code set_iommu_device} of each model, and its answer to the notifier that VFIO
 * registers. Models without the callback take every device.
 */
public final class HostChecks {
    private static final Pattern ON_OFF = Pattern.compile("on|off");
    private static final Pattern KIBIBYTES = Pattern.compile("[1-9][0-9]{0,9}k");

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
        Optional<Refused> malformed = malformed(viommu, path, frozen);
        if (malformed.isPresent()) {
            return malformed.get();
        }
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

    /** What was frozen travels in records; a value that no attach could have frozen is refused, not read as something else. */
    private static Optional<Refused> malformed(Viommu viommu, String path, Map<String, String> frozen) {
        return switch (viommu) {
            case ArmSmmuv3 _ ->
                unreadable(path + ".ril", frozen, ON_OFF, "on or off")
                        .or(() -> unreadable(path + ".ats", frozen, ON_OFF, "on or off"));
            case VirtioIommu _ -> unreadable(path + ".granule", frozen, KIBIBYTES, "a size in KiB, such as 4k");
            case IntelIommu _, AmdIommu _, RiscvIommu _ -> Optional.empty();
        };
    }

    private static Optional<Refused> unreadable(
            String property, Map<String, String> frozen, Pattern form, String allowed) {
        return Optional.ofNullable(frozen.get(property))
                .filter(value -> !form.matcher(value).matches())
                .map(value -> new Refused(
                        "resolved-values",
                        "%s frozen as '%s'".formatted(property, value),
                        "no such value",
                        "a frozen value is " + allowed));
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
