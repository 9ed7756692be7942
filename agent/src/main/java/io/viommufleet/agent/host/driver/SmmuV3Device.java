package io.viommufleet.agent.host.driver;

import static io.viommufleet.agent.iommufd.system.Errno.EBUSY;
import static io.viommufleet.agent.iommufd.system.Errno.EINVAL;
import static io.viommufleet.agent.iommufd.system.Errno.ENOENT;
import static io.viommufleet.agent.iommufd.system.Errno.EOPNOTSUPP;

import io.viommufleet.agent.iommufd.HwptFlags;
import io.viommufleet.agent.iommufd.driver.DeviceTraits;
import io.viommufleet.agent.iommufd.driver.Domain;
import io.viommufleet.agent.iommufd.driver.HardwareInfo;
import io.viommufleet.agent.iommufd.driver.HardwareViommu;
import io.viommufleet.agent.iommufd.driver.PagingDomain;
import io.viommufleet.agent.iommufd.driver.UserData;
import io.viommufleet.agent.iommufd.system.KernelFailure;
import io.viommufleet.common.feasibility.SmmuV3Capabilities;
import io.viommufleet.common.feasibility.SmmuV3Registers;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** A function behind an SMMUv3. */
final class SmmuV3Device extends BasicDevice {
    private static final int HARDWARE_INFO_TYPE = 2;
    private static final int CMDQV_INFO_TYPE = 3;

    private final SmmuV3Iommu smmu;

    SmmuV3Device(SmmuV3Iommu smmu, PhysicalDevice physical, DeviceTraits traits) {
        super(physical, SmmuV3Iommu.DRIVER, traits);
        this.smmu = smmu;
    }

    SmmuV3Iommu smmu() {
        return smmu;
    }

    @Override
    public boolean takesDomainFlags() {
        return true;
    }

    @Override
    public PagingDomain allocatePaging(int flags, UserData data) throws KernelFailure {
        SmmuV3Capabilities able = smmu.capabilities();
        if (data.present()) {
            throw EOPNOTSUPP.failure();
        }
        boolean stage2 = switch (flags) {
            case 0 -> !able.registers().stage1();
            case HwptFlags.NEST_PARENT -> {
                require(able.nesting().available());
                yield true;
            }
            case HwptFlags.DIRTY_TRACKING, HwptFlags.PASID, HwptFlags.DIRTY_TRACKING | HwptFlags.PASID -> {
                require(able.stage1().available());
                yield false;
            }
            default -> throw EOPNOTSUPP.failure();
        };
        boolean dirty = (flags & HwptFlags.DIRTY_TRACKING) != 0;
        return new SmmuV3Domain(smmu, stage2, dirty, physical().coherentWriteBack());
    }

    @Override
    public boolean attachesPasids() {
        return smmu.capabilities().pasid().available();
    }

    @Override
    public HardwareInfo hardwareInfo(int type) throws KernelFailure {
        SmmuV3Registers registers = smmu.capabilities().registers();
        if (type == CMDQV_INFO_TYPE && registers.cmdqv()) {
            return commandQueueInfo(registers);
        }
        if (type != 0 && type != HARDWARE_INFO_TYPE) {
            throw EOPNOTSUPP.failure();
        }
        ByteBuffer struct = ByteBuffer.allocate(40)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putInt(0)
                .putInt(0)
                .putInt(registers.idr0())
                .putInt(registers.idr1())
                .putInt(registers.idr2())
                .putInt(registers.idr3())
                .putInt(registers.idr4())
                .putInt(registers.idr5())
                .putInt(registers.iidr())
                .putInt(registers.aidr());
        return new HardwareInfo(HARDWARE_INFO_TYPE, struct.array());
    }

    private static HardwareInfo commandQueueInfo(SmmuV3Registers registers) {
        ByteBuffer struct = ByteBuffer.allocate(8)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putInt(0)
                .put((byte) registers.cmdqvVersion())
                .put((byte) Integer.numberOfTrailingZeros(Tegra241Viommu.queues(registers)))
                .put((byte) registers.cmdqvStreamIdsLog2());
        return new HardwareInfo(CMDQV_INFO_TYPE, struct.array());
    }

    @Override
    public boolean hasViommu(int type) {
        boolean known = type == SmmuV3Viommu.TYPE
                || (type == Tegra241Viommu.VIOMMU_TYPE
                        && smmu.capabilities().registers().cmdqv());
        return known
                && smmu.capabilities().viommu(physical().coherentWriteBack()).available();
    }

    @Override
    public HardwareViommu createViommu(int type, PagingDomain parent, UserData data) throws KernelFailure {
        if (!(parent instanceof SmmuV3Domain domain) || domain.smmu() != smmu) {
            throw EINVAL.failure();
        }
        return type == Tegra241Viommu.VIOMMU_TYPE ? new Tegra241Viommu(domain, data) : new SmmuV3Viommu(domain);
    }

    @Override
    void checkAttach(Domain domain) throws KernelFailure {
        switch (domain) {
            case SmmuV3Domain paging -> {
                if (paging.smmu() != smmu) {
                    throw EINVAL.failure();
                }
                if (paging.isStage2() && hasPasids()) {
                    throw EBUSY.failure();
                }
                if (paging.coherencyEnforced() && !physical().coherentWriteBack()) {
                    throw EINVAL.failure();
                }
            }
            case SmmuV3Viommu.SmmuV3NestedDomain nested -> checkNested(nested);
            default -> throw EINVAL.failure();
        }
    }

    @Override
    void checkAttachPasid(int pasid, Domain domain) throws KernelFailure {
        if (domain instanceof SmmuV3Viommu.SmmuV3NestedDomain) {
            throw EOPNOTSUPP.failure();
        }
        boolean stage1 = domain instanceof SmmuV3Domain paging && !paging.isStage2() && paging.smmu() == smmu;
        boolean deviceFits = attached() == null || (attached() instanceof SmmuV3Domain own && !own.isStage2());
        if (!stage1 || !deviceFits) {
            throw EINVAL.failure();
        }
    }

    private void checkNested(SmmuV3Viommu.SmmuV3NestedDomain nested) throws KernelFailure {
        if (nested.stage2().smmu() != smmu) {
            throw EINVAL.failure();
        }
        if (hasPasids()) {
            throw EBUSY.failure();
        }
        HardwareViommu viommu = nested.viommu();
        boolean named = viommu != null && viommu.virtualIdOf(this).isPresent();
        if (nested.entry().translates() && !named) {
            throw ENOENT.failure();
        }
    }

    private static void require(boolean able) throws KernelFailure {
        if (!able) {
            throw EOPNOTSUPP.failure();
        }
    }
}
