package io.viommufleet.agent.host.driver;

import static io.viommufleet.agent.iommufd.system.Errno.EINVAL;
import static io.viommufleet.agent.iommufd.system.Errno.ENODEV;
import static io.viommufleet.agent.iommufd.system.Errno.EOPNOTSUPP;

import io.viommufleet.agent.iommufd.HwptFlags;
import io.viommufleet.agent.iommufd.KernelBehaviour.Trait;
import io.viommufleet.agent.iommufd.driver.DeviceTraits;
import io.viommufleet.agent.iommufd.driver.Domain;
import io.viommufleet.agent.iommufd.driver.HardwareInfo;
import io.viommufleet.agent.iommufd.driver.NestedDomain;
import io.viommufleet.agent.iommufd.driver.PagingDomain;
import io.viommufleet.agent.iommufd.driver.UserData;
import io.viommufleet.agent.iommufd.system.KernelFailure;
import io.viommufleet.common.feasibility.VtdCapabilities;
import io.viommufleet.common.feasibility.VtdRegisters;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** A function behind a VT-d remapping unit. */
final class VtdDevice extends BasicDevice {
    private static final int HARDWARE_INFO_TYPE = 1;
    private static final int ERRATA_772415_SPR17 = 1;

    private final VtdCapabilities unit;
    private final HardwareInfo hardwareInfo;

    VtdDevice(VtdIommu iommu, PhysicalDevice physical, DeviceTraits traits) {
        super(physical, VtdIommu.DRIVER, traits);
        this.unit = iommu.capabilities();
        this.hardwareInfo = hardwareInfo(unit.registers());
    }

    @Override
    public boolean takesDomainFlags() {
        return true;
    }

    @Override
    public PagingDomain allocatePaging(int flags, UserData data) throws KernelFailure {
        if (data.present()) {
            throw EOPNOTSUPP.failure();
        }
        boolean byDefault = HostIommu.behaviourOf(unit.kernel().version()).has(Trait.FIRST_STAGE_BY_DEFAULT);
        if (byDefault && (flags & ~HwptFlags.PASID) == 0 && unit.firstStage().available()) {
            return new VtdDomain(unit, VtdDomain.Kind.FIRST_STAGE, false);
        }
        boolean parent = (flags & HwptFlags.NEST_PARENT) != 0;
        boolean dirty = (flags & HwptFlags.DIRTY_TRACKING) != 0;
        boolean able = (!parent || unit.nesting().available())
                && (!dirty || unit.dirtyTracking().available())
                && unit.secondStage().available();
        if (!able) {
            throw EOPNOTSUPP.failure();
        }
        return new VtdDomain(unit, parent ? VtdDomain.Kind.NESTING_PARENT : VtdDomain.Kind.SECOND_STAGE, dirty);
    }

    @Override
    public boolean nestsDirectly() {
        return true;
    }

    @Override
    public NestedDomain allocateNested(PagingDomain parent, int flags, UserData data) throws KernelFailure {
        boolean able = unit.nesting().available()
                && (flags & ~HwptFlags.PASID) == 0
                && data.type() == VtdNestedDomain.DATA_TYPE;
        if (!able) {
            throw EOPNOTSUPP.failure();
        }
        if (!(parent instanceof VtdDomain vtd) || vtd.kind() != VtdDomain.Kind.NESTING_PARENT) {
            throw EINVAL.failure();
        }
        return new VtdNestedDomain(
                vtd, data.copy(VtdNestedDomain.DATA_TYPE, VtdNestedDomain.DATA_BYTES, VtdNestedDomain.DATA_BYTES));
    }

    @Override
    public boolean attachesPasids() {
        return unit.pasid().available();
    }

    @Override
    public boolean guestOwnsPasidTable() {
        return false;
    }

    @Override
    public void enableFaults() throws KernelFailure {
        if (!unit.registers().pageRequests() || !traits().atsUsable()) {
            throw ENODEV.failure();
        }
    }

    @Override
    public HardwareInfo hardwareInfo(int type) throws KernelFailure {
        if (type != 0 && type != HARDWARE_INFO_TYPE) {
            throw EOPNOTSUPP.failure();
        }
        return hardwareInfo;
    }

    /** struct iommu_hw_info_vtd. */
    private static HardwareInfo hardwareInfo(VtdRegisters registers) {
        ByteBuffer struct = ByteBuffer.allocate(24)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putInt(ERRATA_772415_SPR17)
                .putInt(0)
                .putLong(registers.cap())
                .putLong(registers.ecap());
        return new HardwareInfo(HARDWARE_INFO_TYPE, struct.array());
    }

    @Override
    void checkAttach(Domain domain) throws KernelFailure {
        boolean fits = switch (domain) {
            case VtdDomain paging -> paging.fits(unit);
            case VtdNestedDomain nested -> nested.secondStage().fits(unit) && nested.fits(unit.registers());
            default -> false;
        };
        if (!fits) {
            throw EINVAL.failure();
        }
    }

    @Override
    void checkAttachPasid(int pasid, Domain domain) throws KernelFailure {
        if (!unit.pasid().available() || traits().maxPasids() == 0) {
            throw EOPNOTSUPP.failure();
        }
        checkAttach(domain);
    }
}
