package io.viommufleet.common.input;

import io.viommufleet.common.model.Bdf;
import io.viommufleet.common.model.HostFault;
import io.viommufleet.common.model.HostInventory;
import io.viommufleet.common.model.HostIommu;
import io.viommufleet.common.model.Metadata;
import io.viommufleet.common.viommu.RulesVersion;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What a host file says, in part or whole. A whole one is a host by itself; a partial one adds to what a scan of sysfs found.
 * The fields are those of {@link HostInventory}; empty is "not said".
 */
public record HostOverlay(
        Metadata metadata,
        Optional<String> kernel,
        Optional<String> vmm,
        Optional<Long> memoryBytes,
        Map<Integer, Long> numaMemoryBytes,
        Optional<List<String>> kernelOptions,
        Optional<Boolean> interruptRemapping,
        Optional<Boolean> allowUnsafeInterrupts,
        List<HostIommu> iommus,
        List<DeviceOverlay> devices,
        Optional<List<Bdf>> assignable,
        Optional<List<String>> rulesVersions,
        List<HostFault> faults) {
    public HostOverlay {
        numaMemoryBytes = Map.copyOf(numaMemoryBytes);
        kernelOptions = kernelOptions.map(List::copyOf);
        iommus = List.copyOf(iommus);
        devices = List.copyOf(devices);
        assignable = assignable.map(List::copyOf);
        rulesVersions = rulesVersions.map(List::copyOf);
        faults = List.copyOf(faults);
    }

    /** The host that the file describes by itself; kernel and memory must be there. */
    HostInventory alone() {
        return new HostInventory(
                metadata,
                kernel.orElseThrow(),
                vmm,
                memoryBytes.orElseThrow(),
                numaMemoryBytes,
                kernelOptions.orElse(List.of()),
                interruptRemapping,
                allowUnsafeInterrupts.orElse(false),
                iommus,
                devices.stream().map(DeviceOverlay::alone).toList(),
                assignable.orElse(List.of()),
                rulesVersions.orElseGet(HostOverlay::everyRulesVersion),
                faults,
                Map.of());
    }

    private static List<String> everyRulesVersion() {
        return Arrays.stream(RulesVersion.values()).map(RulesVersion::toString).toList();
    }
}
