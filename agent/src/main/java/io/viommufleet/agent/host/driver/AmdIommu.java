package io.viommufleet.agent.host.driver;

import static io.viommufleet.agent.iommufd.system.Errno.EINVAL;
import static io.viommufleet.agent.iommufd.system.Errno.EOPNOTSUPP;

import io.viommufleet.agent.iommufd.HwptFlags;
import io.viommufleet.agent.iommufd.KernelBehaviour.Trait;
import io.viommufleet.agent.iommufd.driver.DeviceTraits;
import io.viommufleet.agent.iommufd.driver.Domain;
import io.viommufleet.agent.iommufd.driver.HardwareInfo;
import io.viommufleet.agent.iommufd.driver.HardwareViommu;
import io.viommufleet.agent.iommufd.driver.IommuDevice;
import io.viommufleet.agent.iommufd.driver.IommuDriver;
import io.viommufleet.agent.iommufd.driver.NestedDomain;
import io.viommufleet.agent.iommufd.driver.PagingDomain;
import io.viommufleet.agent.iommufd.driver.UserData;
import io.viommufleet.agent.iommufd.iova.IovaRange;
import io.viommufleet.agent.iommufd.system.KernelFailure;
import io.viommufleet.common.feasibility.AddressRange;
import io.viommufleet.common.feasibility.AmdCapabilities;
import io.viommufleet.common.feasibility.AmdRegisters;
import io.viommufleet.common.feasibility.KernelSetup;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** The AMD-Vi driver: v1 page tables for everything but PASIDs, which take a v2 table. */
final class AmdIommu implements HostIommu {
    private static final IommuDriver DRIVER = new IommuDriver("amd-iommu");
    private static final int HARDWARE_INFO_TYPE = 4;

    private final AmdCapabilities capabilities;
    private final KernelSetup kernel;

    AmdIommu(AmdRegisters registers, KernelSetup kernel) {
        this.capabilities = new AmdCapabilities(registers, kernel);
        this.kernel = kernel;
    }

    @Override
    public IommuDevice probe(PhysicalDevice device) {
        boolean pasids = capabilities.pasid().available();
        int maxPasids = device.maxPasids(pasids ? capabilities.registers().pasidBits() : 0);
        boolean dirty = capabilities.dirtyTracking().available();
        boolean direct = device.directMappingsRequired();
        DeviceTraits traits = new DeviceTraits(
                true, false, kernel.interruptRemapping(), direct, dirty, true, maxPasids, device.ats());
        return new Function(this, device, traits);
    }

    private static final class AmdDomain extends PagingDomain {
        private final AddressRange aperture;
        private final long pageSizes;
        private final boolean secondVersion;

        AmdDomain(AddressRange aperture, long pageSizes, boolean secondVersion, boolean dirty) {
            super(DRIVER, pageSizes, dirty);
            this.aperture = aperture;
            this.pageSizes = pageSizes;
            this.secondVersion = secondVersion;
        }

        @Override
        public IovaRange aperture() {
            return new IovaRange(aperture.first(), aperture.last());
        }

        @Override
        public long pageSizes() {
            return pageSizes;
        }
    }

    /** A viommu that does nothing yet: no nested domains, no invalidation. */
    private static final class AmdViommu extends HardwareViommu {
        private final AmdIommu iommu;

        AmdViommu(AmdIommu iommu, PagingDomain parent) {
            super(DRIVER, parent);
            this.iommu = iommu;
        }

        @Override
        public boolean serves(IommuDevice device) {
            return device instanceof Function function && function.iommu == iommu;
        }

        @Override
        public boolean nests() {
            return false;
        }

        @Override
        public NestedDomain allocateNested(int flags, UserData data) throws KernelFailure {
            throw EOPNOTSUPP.failure();
        }
    }

    private static final class Function extends BasicDevice {
        private final AmdIommu iommu;

        Function(AmdIommu iommu, PhysicalDevice physical, DeviceTraits traits) {
            super(physical, DRIVER, traits);
            this.iommu = iommu;
        }

        @Override
        public boolean takesDomainFlags() {
            return true;
        }

        @Override
        public PagingDomain allocatePaging(int flags, UserData data) throws KernelFailure {
            AmdCapabilities able = iommu.capabilities;
            if (data.present()) {
                throw EOPNOTSUPP.failure();
            }
            boolean allowed = switch (flags) {
                case 0 -> true;
                case HwptFlags.DIRTY_TRACKING -> able.dirtyTracking().available();
                case HwptFlags.NEST_PARENT -> able.nesting().available();
                case HwptFlags.NEST_PARENT | HwptFlags.DIRTY_TRACKING ->
                    able.nesting().and(able.dirtyTracking()).available();
                case HwptFlags.PASID -> able.pasid().available() && traits().maxPasids() > 0;
                default -> false;
            };
            if (!allowed) {
                throw EOPNOTSUPP.failure();
            }
            if (flags == HwptFlags.PASID) {
                return new AmdDomain(able.version2Aperture(), AmdCapabilities.V2_PAGE_SIZES, true, false);
            }
            boolean dirty = (flags & HwptFlags.DIRTY_TRACKING) != 0;
            return new AmdDomain(able.plainAperture(), AmdCapabilities.V1_PAGE_SIZES, false, dirty);
        }

        /** The driver's one allocator took nested data too, and refused it, until 7.0 split the two. */
        @Override
        public boolean nestsDirectly() {
            return !HostIommu.behaviourOf(iommu.kernel.version()).has(Trait.PASIDS);
        }

        @Override
        public boolean attachesPasids() {
            return iommu.capabilities.pasid().available();
        }

        @Override
        public HardwareInfo hardwareInfo(int type) throws KernelFailure {
            if (!HostIommu.behaviourOf(iommu.kernel.version()).has(Trait.AMD_TELLS_HARDWARE_INFO)) {
                return HardwareInfo.NONE;
            }
            if (type != 0 && type != HARDWARE_INFO_TYPE) {
                throw EOPNOTSUPP.failure();
            }
            AmdRegisters registers = iommu.capabilities.registers();
            ByteBuffer struct = ByteBuffer.allocate(16)
                    .order(ByteOrder.LITTLE_ENDIAN)
                    .putLong(registers.efr())
                    .putLong(registers.efr2());
            return new HardwareInfo(HARDWARE_INFO_TYPE, struct.array());
        }

        /** The driver does not look at the type. */
        @Override
        public boolean hasViommu(int type) {
            return true;
        }

        @Override
        public HardwareViommu createViommu(int type, PagingDomain parent, UserData data) {
            return new AmdViommu(iommu, parent);
        }

        @Override
        void checkAttach(Domain domain) throws KernelFailure {
            boolean dirtyMissing = domain instanceof PagingDomain paging
                    && paging.dirtyLog() != null
                    && !iommu.capabilities.dirtyTracking().available();
            if (!(domain instanceof AmdDomain) || dirtyMissing) {
                throw EINVAL.failure();
            }
        }

        @Override
        void checkAttachPasid(int pasid, Domain domain) throws KernelFailure {
            if (!(domain instanceof AmdDomain amd) || !amd.secondVersion) {
                throw EINVAL.failure();
            }
        }
    }
}
