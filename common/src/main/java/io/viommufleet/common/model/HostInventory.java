package io.viommufleet.common.model;

import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What a host is and has, as its agent found it in this boot. Which boot and which agent is in the envelope.
 *
 * @param metadata name, cell and labels
 * @param kernel release, such as 6.12 or 7.0.0
 * @param vmm QEMU version; empty for unknown
 * @param memoryBytes RAM of the host
 * @param numaMemoryBytes RAM by NUMA node; empty for unknown
 * @param kernelOptions words of the kernel command line that concern the IOMMU
 * @param interruptRemapping whether MSIs are isolated; empty for unknown
 * @param allowUnsafeInterrupts module parameter of iommufd
 * @param iommus its IOMMUs
 * @param devices its PCI functions, in order of address
 * @param assignable devices that may be unbound from their driver and given to a VM, beside those bound to vfio-pci
 * @param rulesVersions that this agent can verify
 * @param sources where each value that sysfs does not give came from, by value name
 */
public record HostInventory(
        Metadata metadata,
        String kernel,
        Optional<String> vmm,
        long memoryBytes,
        Map<Integer, Long> numaMemoryBytes,
        List<String> kernelOptions,
        Optional<Boolean> interruptRemapping,
        boolean allowUnsafeInterrupts,
        List<HostIommu> iommus,
        List<HostDevice> devices,
        List<Bdf> assignable,
        List<String> rulesVersions,
        Map<String, String> sources)
        implements FleetRecord {
    public HostInventory {
        Names.requireHost(metadata.name());
        numaMemoryBytes = Map.copyOf(numaMemoryBytes);
        kernelOptions = List.copyOf(kernelOptions);
        iommus = List.copyOf(iommus);
        devices = devices.stream().sorted((a, b) -> a.bdf().compareTo(b.bdf())).toList();
        assignable = List.copyOf(assignable);
        rulesVersions = List.copyOf(rulesVersions);
        sources = Map.copyOf(sources);
    }

    @Override
    public FleetTopic topic() {
        return FleetTopic.HOSTS;
    }

    @Override
    public String key() {
        return metadata.name();
    }
}
