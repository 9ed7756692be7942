package io.viommufleet.agent.host.driver;

import io.viommufleet.agent.iommufd.driver.DeviceTraits;
import io.viommufleet.agent.iommufd.driver.IommuDevice;
import io.viommufleet.agent.iommufd.driver.IommuDriver;
import io.viommufleet.common.feasibility.KernelSetup;
import io.viommufleet.common.feasibility.VtdCapabilities;
import io.viommufleet.common.feasibility.VtdRegisters;

/**
 * The intel-iommu driver on one remapping unit.
 *
 * @param capabilities what the unit can do under its kernel
 */
record VtdIommu(VtdCapabilities capabilities) implements HostIommu {
    static final IommuDriver DRIVER = new IommuDriver("intel-iommu");

    VtdIommu(VtdRegisters registers, KernelSetup kernel) {
        this(new VtdCapabilities(registers, kernel));
    }

    @Override
    public IommuDevice probe(PhysicalDevice device) {
        boolean pasids = capabilities.pasid().available();
        DeviceTraits traits = new DeviceTraits(
                true,
                capabilities.registers().snoopControl(),
                capabilities.kernel().interruptRemapping(),
                device.directMappingsRequired(),
                capabilities.dirtyTracking().available(),
                true,
                device.maxPasids(pasids ? capabilities.registers().pasidBits() : 0),
                device.ats() && capabilities.registers().deviceTlb());
        return new VtdDevice(this, device, traits);
    }
}
