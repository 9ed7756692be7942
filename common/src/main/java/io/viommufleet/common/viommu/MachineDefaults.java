package io.viommufleet.common.viommu;

import java.util.Optional;

/**
 * The defaults that QEMU ties to the machine type, so that an old machine type keeps what it had. Each is empty where
 * the machine type does not tell (a distribution's own, say): there the configuration has to be explicit.
 *
 * @param intelAwBits intel-iommu's {@code aw-bits}
 * @param virtioGranule virtio-iommu's {@code granule}
 * @param virtioAwBits virtio-iommu's {@code aw-bits}
 */
public record MachineDefaults(
        Optional<Integer> intelAwBits, Optional<Granule> virtioGranule, Optional<Integer> virtioAwBits) {}
