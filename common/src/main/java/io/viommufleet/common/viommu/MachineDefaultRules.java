package io.viommufleet.common.viommu;

import java.util.Optional;

/** The defaults that QEMU ties to the machine type. */
final class MachineDefaultRules {
    private MachineDefaultRules() {}

    /** As QEMU 10.2 has them for its own machine types and older ones. */
    static MachineDefaults upTo10_2(MachineType machine) {
        return new MachineDefaults(
                machine.version().map(version -> version.upTo(9, 1) ? 39 : 48),
                machine.version().map(version -> version.upTo(8, 2) ? Granule.SIZE_4K : Granule.HOST),
                machine.version().flatMap(version -> version.upTo(8, 2) ? Optional.of(64) : virtioAwBits(machine)));
    }

    private static Optional<Integer> virtioAwBits(MachineType machine) {
        return switch (machine.family()) {
            case Q35 -> Optional.of(39);
            case VIRT -> Optional.of(48);
            case I440FX, S390_CCW_VIRTIO -> Optional.empty();
        };
    }
}
