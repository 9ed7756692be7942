package io.viommufleet.controller.placement;

import io.viommufleet.common.model.HostInventory;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * What of a host, beside the device and its IOMMU, an attach depends on.
 *
 * @param kernel release
 * @param vmm QEMU version
 * @param kernelOptions that concern the IOMMU
 * @param interruptRemapping whether MSIs are isolated
 * @param allowUnsafeInterrupts module parameter of iommufd
 * @param rulesVersions that the agent can verify
 */
record Platform(
        String kernel,
        Optional<String> vmm,
        List<String> kernelOptions,
        Optional<Boolean> interruptRemapping,
        boolean allowUnsafeInterrupts,
        Set<String> rulesVersions) {
    static Platform of(HostInventory host) {
        return new Platform(
                host.kernel(),
                host.vmm(),
                host.kernelOptions(),
                host.interruptRemapping(),
                host.allowUnsafeInterrupts(),
                Set.copyOf(host.rulesVersions()));
    }
}
