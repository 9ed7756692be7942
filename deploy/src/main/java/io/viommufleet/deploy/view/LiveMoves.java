package io.viommufleet.deploy.view;

import io.viommufleet.common.feasibility.MigrationCheck;
import io.viommufleet.common.feasibility.MigrationObstacle;
import io.viommufleet.common.feasibility.MigrationRequest;
import io.viommufleet.common.feasibility.MigrationSide;
import io.viommufleet.common.model.Bdf;
import io.viommufleet.common.model.HostDevice;
import io.viommufleet.common.model.HostInventory;
import io.viommufleet.common.model.Placement;
import io.viommufleet.common.viommu.Decision;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/** Whether a VM can move while its guest runs. */
final class LiveMoves {
    private LiveMoves() {}

    /**
     * Why not, with QEMU's reason; empty where nothing is in the way.
     *
     * @param source the host of the active leg
     * @param target the host of {@code leg}
     * @param leg where the VM is to go
     */
    static Optional<String> refusal(
            Placement placement,
            Decision.Decided decision,
            HostInventory source,
            HostInventory target,
            Placement.Leg leg) {
        Map<String, Bdf> from = placement.active().orElseThrow().devices();
        return unsupported(source, from)
                .or(() -> unsupported(target, leg.devices()))
                .or(() -> blocked(
                        placement,
                        new MigrationSide(decision, source, from),
                        new MigrationSide(decision, target, leg.devices())));
    }

    /** VFIO migrates a device only through its own driver; a host that does not say whether it can counts as one that cannot. */
    private static Optional<String> unsupported(HostInventory host, Map<String, Bdf> devices) {
        return new TreeMap<>(devices)
                .entrySet().stream()
                        .filter(entry -> host.devices().stream()
                                .filter(device -> device.bdf().equals(entry.getValue()))
                                .findFirst()
                                .flatMap(HostDevice::canMigrate)
                                .filter(can -> can)
                                .isEmpty())
                        .findFirst()
                        .map(entry -> "%s: %s on %s: its VFIO driver does not support migration"
                                .formatted(
                                        entry.getKey(),
                                        entry.getValue(),
                                        host.metadata().name()));
    }

    private static Optional<String> blocked(Placement placement, MigrationSide source, MigrationSide target) {
        return MigrationCheck.of(new MigrationRequest(
                        source,
                        target,
                        placement.spec().memoryBytes(),
                        placement.spec().strict(),
                        placement.resolvedValues(),
                        Set.of(),
                        MigrationRequest.Policy.DEFAULT))
                .stream()
                .filter(MigrationObstacle::prevents)
                .findFirst()
                .map(obstacle -> "%s: %s".formatted(obstacle.subject(), obstacle.reason()));
    }
}
