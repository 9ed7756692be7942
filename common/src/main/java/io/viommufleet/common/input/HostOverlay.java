package io.viommufleet.common.input;

import io.viommufleet.common.FleetError;
import io.viommufleet.common.FleetException;
import io.viommufleet.common.model.Bdf;
import io.viommufleet.common.model.HostDevice;
import io.viommufleet.common.model.HostInventory;
import io.viommufleet.common.model.HostIommu;
import io.viommufleet.common.model.Metadata;
import io.viommufleet.common.viommu.RulesVersion;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

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
        Optional<List<String>> rulesVersions) {
    public HostOverlay {
        numaMemoryBytes = Map.copyOf(numaMemoryBytes);
        kernelOptions = kernelOptions.map(List::copyOf);
        iommus = List.copyOf(iommus);
        devices = List.copyOf(devices);
        assignable = assignable.map(List::copyOf);
        rulesVersions = rulesVersions.map(List::copyOf);
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
                Map.of());
    }

    /** What was found with what the file says put over it: what it says wins, and is noted as the source. */
    public HostInventory over(HostInventory found, String source) {
        Map<String, String> sources = new TreeMap<>(found.sources());
        said().forEach(value -> sources.put(value, source));
        return new HostInventory(
                metadata,
                kernel.orElse(found.kernel()),
                vmm.or(found::vmm),
                memoryBytes.orElse(found.memoryBytes()),
                numaMemoryBytes.isEmpty() ? found.numaMemoryBytes() : numaMemoryBytes,
                kernelOptions.orElse(found.kernelOptions()),
                interruptRemapping.or(found::interruptRemapping),
                allowUnsafeInterrupts.orElse(found.allowUnsafeInterrupts()),
                mergedIommus(found.iommus()),
                mergedDevices(found.devices(), source),
                assignable.orElse(found.assignable()),
                rulesVersions.orElse(found.rulesVersions()),
                sources);
    }

    private List<String> said() {
        List<String> said = new ArrayList<>();
        kernel.ifPresent(_ -> said.add("kernel"));
        vmm.ifPresent(_ -> said.add("vmm"));
        memoryBytes.ifPresent(_ -> said.add("memory"));
        kernelOptions.ifPresent(_ -> said.add("kernel-options"));
        interruptRemapping.ifPresent(_ -> said.add("interrupt-remapping"));
        allowUnsafeInterrupts.ifPresent(_ -> said.add("allow-unsafe-interrupts"));
        iommus.forEach(iommu -> said.add("iommus." + iommu.id()));
        devices.forEach(device -> said.add("devices." + device.bdf()));
        return said;
    }

    private List<HostIommu> mergedIommus(List<HostIommu> found) {
        Map<String, HostIommu> merged = new LinkedHashMap<>();
        found.forEach(iommu -> merged.put(iommu.id(), iommu));
        iommus.forEach(iommu -> merged.merge(iommu.id(), iommu, HostOverlay::merged));
        return List.copyOf(merged.values());
    }

    private static HostIommu merged(HostIommu found, HostIommu said) {
        Map<String, Long> registers = new HashMap<>(found.registers());
        registers.putAll(said.registers());
        return new HostIommu(said.id(), said.type(), registers);
    }

    private List<HostDevice> mergedDevices(List<HostDevice> found, String source) {
        Map<Bdf, HostDevice> merged = new LinkedHashMap<>();
        found.forEach(device -> merged.put(device.bdf(), device));
        for (DeviceOverlay said : devices) {
            HostDevice device = merged.get(said.bdf());
            if (device == null) {
                throw new FleetException(
                        FleetError.USAGE,
                        "%s: the host has no device %s; an overlay adds to devices, it adds none"
                                .formatted(source, said.bdf()));
            }
            merged.put(said.bdf(), said.over(device));
        }
        return List.copyOf(merged.values());
    }

    private static List<String> everyRulesVersion() {
        return Arrays.stream(RulesVersion.values()).map(RulesVersion::toString).toList();
    }
}
