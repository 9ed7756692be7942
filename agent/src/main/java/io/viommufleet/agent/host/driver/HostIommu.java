package io.viommufleet.agent.host.driver;

import io.viommufleet.agent.iommufd.KernelBehaviour;
import io.viommufleet.agent.iommufd.driver.IommuDevice;
import io.viommufleet.common.feasibility.AmdRegisters;
import io.viommufleet.common.feasibility.IommuRegisters;
import io.viommufleet.common.feasibility.KernelSetup;
import io.viommufleet.common.feasibility.KernelVersion;
import io.viommufleet.common.feasibility.NoIommu;
import io.viommufleet.common.feasibility.SmmuV3Registers;
import io.viommufleet.common.feasibility.VirtioIommuProperties;
import io.viommufleet.common.feasibility.VtdRegisters;

/** One IOMMU of a host with its driver: it probes the devices behind it. */
public interface HostIommu {
    /** Probes a device: adds it to its group and gives the driver's view of it. */
    IommuDevice probe(PhysicalDevice device);

    /** The driver for an IOMMU, as the kernel would choose it from the registers. */
    static HostIommu of(IommuRegisters registers, KernelSetup kernel) {
        return switch (registers) {
            case VtdRegisters vtd -> new VtdIommu(vtd, kernel);
            case SmmuV3Registers smmu -> new SmmuV3Iommu(smmu, kernel);
            case AmdRegisters amd -> new AmdIommu(amd, kernel);
            case VirtioIommuProperties virtio -> new VirtioIommu(virtio, kernel);
            case NoIommu none -> new AbsentIommu(none);
        };
    }

    /** The modelled behaviour of a kernel version: the newest not above it. */
    static KernelBehaviour behaviourOf(KernelVersion version) {
        return KernelBehaviour.of(version.major(), version.minor());
    }
}
