package io.viommufleet.agent.host.driver;

import static io.viommufleet.agent.iommufd.system.Errno.EINVAL;

import io.viommufleet.agent.iommufd.driver.DeviceTraits;
import io.viommufleet.agent.iommufd.driver.Domain;
import io.viommufleet.agent.iommufd.driver.IommuDevice;
import io.viommufleet.agent.iommufd.driver.IommuDriver;
import io.viommufleet.agent.iommufd.driver.PagingDomain;
import io.viommufleet.agent.iommufd.driver.UserData;
import io.viommufleet.agent.iommufd.iova.IovaRange;
import io.viommufleet.agent.iommufd.system.KernelFailure;
import io.viommufleet.common.feasibility.KernelSetup;
import io.viommufleet.common.feasibility.VirtioIommuProperties;

/** The virtio-iommu driver: no flags, no information, and a domain that gets its aperture only from the first attach. */
final class VirtioIommu implements HostIommu {
    private static final IommuDriver DRIVER = new IommuDriver("virtio-iommu");
    private static final IovaRange UNFINISHED = new IovaRange(0, 0);
    private static final long CPU_PAGE = 4096;

    private final VirtioIommuProperties properties;
    private final KernelSetup kernel;

    VirtioIommu(VirtioIommuProperties properties, KernelSetup kernel) {
        this.properties = properties;
        this.kernel = kernel;
    }

    @Override
    public IommuDevice probe(PhysicalDevice device) {
        boolean direct = device.directMappingsRequired();
        DeviceTraits traits =
                new DeviceTraits(true, false, kernel.interruptRemapping(), direct, false, true, 0, device.ats());
        return new Endpoint(this, device, traits);
    }

    private static final class VirtioDomain extends PagingDomain {
        private final VirtioIommu iommu;
        private boolean finished;

        VirtioDomain(VirtioIommu iommu) {
            super(DRIVER, CPU_PAGE, false);
            this.iommu = iommu;
        }

        @Override
        public IovaRange aperture() {
            var range = iommu.properties.range();
            return finished ? new IovaRange(range.first(), range.last()) : UNFINISHED;
        }

        @Override
        public long pageSizes() {
            return finished ? iommu.properties.pageSizeMask() : CPU_PAGE;
        }
    }

    private static final class Endpoint extends BasicDevice {
        private final VirtioIommu iommu;

        Endpoint(VirtioIommu iommu, PhysicalDevice physical, DeviceTraits traits) {
            super(physical, DRIVER, traits);
            this.iommu = iommu;
        }

        @Override
        public PagingDomain allocatePaging(int flags, UserData data) {
            return new VirtioDomain(iommu);
        }

        @Override
        void checkAttach(Domain domain) throws KernelFailure {
            boolean granuleTooLarge = Long.lowestOneBit(iommu.properties.pageSizeMask()) > CPU_PAGE;
            if (!(domain instanceof VirtioDomain virtio) || virtio.iommu != iommu || granuleTooLarge) {
                throw EINVAL.failure();
            }
            virtio.finished = true;
        }
    }
}
