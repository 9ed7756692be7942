package io.viommufleet.common.model;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

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
 * @param faults that happen on purpose; only an emulated host can have any
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
        List<HostFault> faults,
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
        faults = List.copyOf(faults);
        sources = Map.copyOf(sources);
    }

    /**
     * What of this can be so without a reboot: kernel, its options, interrupt remapping and the registers of the IOMMUs are as
     * they were at boot; everything else is as it is here. A register that nobody knew at boot may be known since.
     *
     * @param booted the host as it was found when this boot began
     */
    public HostInventory duringBootOf(HostInventory booted) {
        Map<String, HostIommu> known = new TreeMap<>();
        iommus.forEach(iommu -> known.put(iommu.id(), iommu));
        booted.iommus.forEach(iommu -> known.merge(iommu.id(), iommu, HostInventory::sameHardware));
        return new HostInventory(
                metadata,
                booted.kernel,
                vmm,
                memoryBytes,
                numaMemoryBytes,
                booted.kernelOptions,
                booted.interruptRemapping.or(() -> interruptRemapping),
                booted.allowUnsafeInterrupts,
                List.copyOf(known.values()),
                devices,
                assignable,
                rulesVersions,
                faults,
                sources);
    }

    private static HostIommu sameHardware(HostIommu now, HostIommu atBoot) {
        Map<String, Long> registers = new TreeMap<>(now.registers());
        registers.putAll(atBoot.registers());
        return new HostIommu(atBoot.id(), atBoot.type(), registers);
    }

    /** A PCI function by its address; empty if the host has none there. */
    public Optional<HostDevice> device(Bdf bdf) {
        for (HostDevice device : devices) {
            if (device.bdf().equals(bdf)) {
                return Optional.of(device);
            }
        }
        return Optional.empty();
    }

    /** The same host without some of its devices. */
    public HostInventory without(Set<Bdf> gone) {
        return new HostInventory(
                metadata,
                kernel,
                vmm,
                memoryBytes,
                numaMemoryBytes,
                kernelOptions,
                interruptRemapping,
                allowUnsafeInterrupts,
                iommus,
                devices.stream().filter(device -> !gone.contains(device.bdf())).toList(),
                assignable,
                rulesVersions,
                faults,
                sources);
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
