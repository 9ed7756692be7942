package io.viommufleet.common.feasibility;

import io.viommufleet.common.feasibility.MigrationObstacle.Kind;
import io.viommufleet.common.viommu.AmdIommu;
import io.viommufleet.common.viommu.ArmSmmuv3;
import io.viommufleet.common.viommu.Decision;
import io.viommufleet.common.viommu.DeviceBackend;
import io.viommufleet.common.viommu.DeviceDecision;
import io.viommufleet.common.viommu.DeviceKind;
import io.viommufleet.common.viommu.GuestDevice;
import io.viommufleet.common.viommu.IntelIommu;
import io.viommufleet.common.viommu.RiscvIommu;
import io.viommufleet.common.viommu.Viommu;
import io.viommufleet.common.viommu.VirtioIommu;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/** What the source VMM refuses to migrate: vIOMMUs without a state to send, and devices whose writes nobody tracks (QEMU vfio_viommu_preset and kin). */
final class MigrationBlockers {
    /** What a type1 container tracks with 4 KiB pages: its bitmap has at most 256 MiB (VFIO_IOMMU_DIRTY_PAGES). */
    private static final long TYPE1_BITMAP_BYTES = 8L << 40;

    private static final String SYSTEM_SPACE = "system";

    private final MigrationRequest request;
    private final Decision.Decided decision;
    private final List<MigrationObstacle> found = new ArrayList<>();

    MigrationBlockers(MigrationRequest request) {
        this.request = request;
        this.decision = request.source().decision();
    }

    List<MigrationObstacle> find() {
        List<Viommu> viommus = decision.canonical().viommus();
        for (int index = 0; index < viommus.size(); index++) {
            String path = "viommus[%d]".formatted(index);
            unmigratable(viommus.get(index))
                    .ifPresent(reason -> found.add(new MigrationObstacle(Kind.BLOCKER, path, reason)));
        }
        decision.devices().forEach(this::check);
        return found;
    }

    private static Optional<String> unmigratable(Viommu viommu) {
        return switch (viommu) {
            case ArmSmmuv3 smmu
            when smmu.accel().orElse(false) ->
                Optional.of("an arm-smmuv3 with accel=on cannot be migrated: its state is in the host's SMMU");
            case AmdIommu _ -> Optional.of("amd-iommu is a device that cannot be migrated");
            case IntelIommu _, ArmSmmuv3 _, VirtioIommu _, RiscvIommu _ -> Optional.empty();
        };
    }

    private void check(DeviceDecision device) {
        boolean behindViommu =
                !GuestAddressSpace.of(decision, device.id()).key().equals(SYSTEM_SPACE);
        boolean tracksItself = request.selfTracking().contains(device.id());
        boolean iommuTracks = iommuTracks(device);
        if (behindViommu && !request.policy().behindViommu()) {
            block(device, "a device behind a vIOMMU cannot be migrated by this VMM");
        } else if (behindViommu && !iommuTracks) {
            block(device, "behind a vIOMMU only the host's IOMMU can track what the device writes, and it does not");
        } else if (!tracksItself && !iommuTracks) {
            untracked(device);
        } else if (!tracksItself && legacy(device) && request.memoryBytes() > TYPE1_BITMAP_BYTES) {
            block(device, "the type1 backend tracks dirty pages of 8 TiB at most; iommufd has no such limit");
        }
    }

    private void untracked(DeviceDecision device) {
        String reason = "neither the device nor the host's IOMMU tracks what the device writes";
        if (request.policy().demanded()) {
            found.add(new MigrationObstacle(Kind.WARNING, device.id(), reason));
        } else {
            found.add(new MigrationObstacle(Kind.BLOCKER, device.id(), reason));
        }
    }

    private void block(DeviceDecision device, String reason) {
        found.add(new MigrationObstacle(request.policy().demanded() ? Kind.START : Kind.BLOCKER, device.id(), reason));
    }

    /** Whether the HWPT of the source's attach tracks dirty pages; the type1 backend always does. */
    private boolean iommuTracks(DeviceDecision device) {
        if (legacy(device)) {
            return true;
        }
        if (guest(device).kind() == DeviceKind.MDEV) {
            return false;
        }
        MigrationSide source = request.source();
        return switch (DeviceFacts.find(
                source.host(),
                Objects.requireNonNull(source.devices().get(device.id()), "every device has its host device"))) {
            case DeviceFacts.Lookup.Missing _ -> false;
            case DeviceFacts.Lookup.Found(DeviceFacts facts) ->
                HwptFlag.chosen(
                                device.flags(),
                                facts.capabilities().dirtyTracking().available(),
                                facts.maxPasidLog2())
                        .contains(HwptFlag.DIRTY_TRACKING);
        };
    }

    private boolean legacy(DeviceDecision device) {
        return guest(device).backend() == DeviceBackend.LEGACY;
    }

    private GuestDevice guest(DeviceDecision device) {
        return decision.canonical().device(device.id()).orElseThrow();
    }
}
