package io.viommufleet.agent.host.driver;

import io.viommufleet.agent.iommufd.driver.DeviceTraits;
import io.viommufleet.agent.iommufd.driver.IommuDevice;
import io.viommufleet.agent.iommufd.driver.IommuDriver;
import io.viommufleet.common.feasibility.KernelSetup;
import io.viommufleet.common.feasibility.SmmuV3Capabilities;
import io.viommufleet.common.feasibility.SmmuV3Registers;

/** The arm-smmu-v3 driver on one SMMU. Domains belong to the SMMU that made them. */
final class SmmuV3Iommu implements HostIommu {
    static final IommuDriver DRIVER = new IommuDriver("arm-smmu-v3");

    private final SmmuV3Capabilities capabilities;
    private int interfacesTaken;

    SmmuV3Iommu(SmmuV3Registers registers, KernelSetup kernel) {
        this.capabilities = new SmmuV3Capabilities(registers, kernel);
    }

    SmmuV3Capabilities capabilities() {
        return capabilities;
    }

    /** Takes one of the virtual interfaces for command queues, of which the kernel keeps the first; false when none is free. */
    boolean takeInterface() {
        int forGuests = (1 << capabilities.registers().cmdqvInterfacesLog2()) - 1;
        if (interfacesTaken == forGuests) {
            return false;
        }
        interfacesTaken++;
        return true;
    }

    /** Gives a virtual interface back. */
    void releaseInterface() {
        interfacesTaken--;
    }

    @Override
    public IommuDevice probe(PhysicalDevice device) {
        boolean pasids = capabilities.pasid().available();
        boolean coherent = capabilities.coherent().available();
        DeviceTraits traits = new DeviceTraits(
                coherent,
                device.coherentWriteBack(),
                capabilities.kernel().interruptRemapping(),
                device.directMappingsRequired(),
                capabilities.dirtyTracking().available(),
                true,
                device.maxPasids(pasids ? capabilities.registers().substreamIdBits() : 0),
                device.ats() && capabilities.registers().ats());
        return new SmmuV3Device(this, device, traits);
    }
}
