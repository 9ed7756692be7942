package io.viommufleet.common.feasibility;

import io.viommufleet.common.viommu.AmdIommu;
import io.viommufleet.common.viommu.ArmSmmuv3;
import io.viommufleet.common.viommu.Decision;
import io.viommufleet.common.viommu.DeviceDecision;
import io.viommufleet.common.viommu.DeviceKind;
import io.viommufleet.common.viommu.GuestDevice;
import io.viommufleet.common.viommu.IntelIommu;
import io.viommufleet.common.viommu.RiscvIommu;
import io.viommufleet.common.viommu.Viommu;
import io.viommufleet.common.viommu.VirtioIommu;
import java.util.Optional;

/**
 * The address space that the machine gives a device (QEMU get_address_space): devices in the same one can share an IOAS.
 *
 * @param key equal for devices in the same space
 * @param mapsMemory whether guest memory is visible in it before the guest sets its vIOMMU up, so that the attach maps it
 */
public record GuestAddressSpace(String key, boolean mapsMemory) {
    private static final GuestAddressSpace SYSTEM = new GuestAddressSpace("system", true);
    private static final GuestAddressSpace ACCELERATED = new GuestAddressSpace("accelerated", true);

    /**
     * The space of a device. Without a vIOMMU it is the machine's own; accelerated SMMUs share one; with any other vIOMMU each requester id has its
     * own, and aliased devices have that of their bus.
     */
    public static GuestAddressSpace of(Decision.Decided decision, String device) {
        DeviceDecision decided = decision.device(device).orElseThrow();
        GuestDevice guest = decision.canonical().device(device).orElseThrow();
        Optional<Viommu> viommu = governing(decision, decided);
        if (viommu.isEmpty() || guest.kind() == DeviceKind.PLATFORM) {
            return SYSTEM;
        }
        String own = decided.aliased() ? "bus " + guest.bus().orElse("") : "device " + device;
        return switch (viommu.get()) {
            case ArmSmmuv3 smmu when smmu.accel().orElse(false) -> ACCELERATED;
            case IntelIommu _, AmdIommu _ -> new GuestAddressSpace(own, true);
            case VirtioIommu virtio ->
                new GuestAddressSpace(own, virtio.bootBypass().orElse(true));
            case ArmSmmuv3 _, RiscvIommu _ -> new GuestAddressSpace(own, false);
        };
    }

    /** The vIOMMU that governs a device; empty if none does. */
    public static Optional<Viommu> governing(Decision.Decided decision, DeviceDecision device) {
        return device.viommu().isPresent()
                ? Optional.of(decision.canonical().viommus().get(device.viommu().getAsInt()))
                : Optional.empty();
    }
}
