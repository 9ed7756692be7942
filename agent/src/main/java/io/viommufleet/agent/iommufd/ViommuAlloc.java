package io.viommufleet.agent.iommufd;

import static io.viommufleet.agent.iommufd.system.Errno.EINVAL;
import static io.viommufleet.agent.iommufd.system.Errno.EOPNOTSUPP;

import io.viommufleet.agent.iommufd.driver.HardwareViommu;
import io.viommufleet.agent.iommufd.driver.UserData;
import io.viommufleet.agent.iommufd.system.KernelFailure;

/**
 * VIOMMU_ALLOC: gives a guest a slice of the IOMMU of a device.
 *
 * @param flags must be 0
 * @param devId device whose IOMMU it is
 * @param hwptId nesting parent
 * @param data its type is the viommu's type; the data itself is optional
 */
public record ViommuAlloc(int flags, int devId, int hwptId, UserData data) implements Ioctl<ViommuAlloc.Allocated> {
    /** IOMMU_VIOMMU_TYPE_ARM_SMMUV3. */
    public static final int TYPE_ARM_SMMUV3 = 1;

    /**
     * The new viommu.
     *
     * @param viommuId its id
     */
    public record Allocated(int viommuId) {}

    @Override
    public String name() {
        return "VIOMMU_ALLOC";
    }

    @Override
    public Allocated execute(Iommufd context) throws KernelFailure {
        if (flags != 0 || data.type() == 0) {
            throw EOPNOTSUPP.failure();
        }
        Device device = context.get(devId, Device.class);
        if (!device.hardware().hasViommu(data.type())) {
            throw EOPNOTSUPP.failure();
        }
        HwptPaging parent = context.get(hwptId, HwptPaging.class);
        if (!parent.isNestParent()) {
            throw EINVAL.failure();
        }
        int id = context.objects().reserve();
        Viommu viommu = null;
        try {
            HardwareViommu hardware = device.hardware().createViommu(data.type(), parent.domain(), data);
            viommu = new Viommu(context, id, hardware, parent);
            publish(context, viommu);
            context.objects().install(viommu);
            return new Allocated(id);
        } catch (KernelFailure failure) {
            if (viommu != null) {
                viommu.destroy();
            }
            context.objects().free(id);
            throw failure;
        }
    }

    private static void publish(Iommufd context, Viommu viommu) throws KernelFailure {
        int bytes = viommu.hardware().mappableBytes();
        if (bytes > 0) {
            long offset = context.regions().publish(viommu, bytes);
            viommu.setRegionOffset(offset);
            viommu.hardware().publish(offset);
        }
    }
}
