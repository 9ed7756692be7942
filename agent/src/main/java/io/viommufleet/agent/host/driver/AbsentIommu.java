package io.viommufleet.agent.host.driver;

import static io.viommufleet.agent.iommufd.system.Errno.ENODEV;

import io.viommufleet.agent.iommufd.driver.DeviceTraits;
import io.viommufleet.agent.iommufd.driver.Domain;
import io.viommufleet.agent.iommufd.driver.IommuDevice;
import io.viommufleet.agent.iommufd.driver.IommuDriver;
import io.viommufleet.agent.iommufd.driver.PagingDomain;
import io.viommufleet.agent.iommufd.driver.UserData;
import io.viommufleet.agent.iommufd.system.KernelFailure;
import io.viommufleet.common.feasibility.NoIommu;

/**
 * The driver of devices without an IOMMU: nothing vouches for their coherency, so that a bind is EINVAL.
 *
 * @param absent stands for the missing hardware
 */
record AbsentIommu(NoIommu absent) implements HostIommu {
    @Override
    public IommuDevice probe(PhysicalDevice device) {
        DeviceTraits traits = new DeviceTraits(false, false, false, false, false, true, 0, false);
        return new Unprotected(device, new IommuDriver(absent.type()), traits);
    }

    private static final class Unprotected extends BasicDevice {
        Unprotected(PhysicalDevice physical, IommuDriver driver, DeviceTraits traits) {
            super(physical, driver, traits);
        }

        @Override
        public PagingDomain allocatePaging(int flags, UserData data) throws KernelFailure {
            throw ENODEV.failure();
        }

        @Override
        void checkAttach(Domain domain) throws KernelFailure {
            throw ENODEV.failure();
        }
    }
}
