package io.viommufleet.agent.iommufd;

import static io.viommufleet.agent.iommufd.system.Errno.EINVAL;
import static io.viommufleet.agent.iommufd.system.Errno.EOPNOTSUPP;

import io.viommufleet.agent.iommufd.driver.UserData;
import io.viommufleet.agent.iommufd.system.KernelFailure;

/**
 * HWPT_ALLOC: makes a page table on an IOAS, or a guest's stage 1 on a nesting parent or through a viommu.
 *
 * @param flags {@link HwptFlags}
 * @param devId device whose IOMMU makes it
 * @param ptId IOAS, nesting parent or viommu
 * @param data driver data
 * @param faultId fault queue, with FAULT_ID_VALID
 * @param reserved must be 0
 */
public record HwptAlloc(int flags, int devId, int ptId, UserData data, int faultId, int reserved)
        implements Ioctl<HwptAlloc.Allocated> {
    /**
     * The new HWPT.
     *
     * @param hwptId its id
     */
    public record Allocated(int hwptId) {}

    /** Without driver data and faults. */
    public HwptAlloc(int flags, int devId, int ptId) {
        this(flags, devId, ptId, UserData.NONE, 0, 0);
    }

    @Override
    public String name() {
        return "HWPT_ALLOC";
    }

    @Override
    public Allocated execute(Iommufd context) throws KernelFailure {
        if (reserved != 0) {
            throw EOPNOTSUPP.failure();
        }
        if ((data.type() == 0) != (data.lengthBytes() == 0)) {
            throw EINVAL.failure();
        }
        Device device = context.get(devId, Device.class);
        int id = context.objects().reserve();
        try {
            Hwpt hwpt = allocate(context, device, id);
            connectFaults(context, hwpt);
            context.objects().install(hwpt);
            return new Allocated(id);
        } catch (KernelFailure failure) {
            context.objects().free(id);
            throw failure;
        }
    }

    private Hwpt allocate(Iommufd context, Device device, int id) throws KernelFailure {
        return switch (context.find(ptId)) {
            case Ioas ioas -> HwptAllocation.allocatePaging(device, id, ioas, flags, data, null);
            case HwptPaging parent -> HwptAllocation.allocateNested(device, id, parent, flags, data);
            case Viommu viommu -> HwptAllocation.allocateNested(device, id, viommu, flags, data);
            case null, default -> throw EINVAL.failure();
        };
    }

    private void connectFaults(Iommufd context, Hwpt hwpt) throws KernelFailure {
        if ((flags & HwptFlags.FAULT_ID_VALID) == 0) {
            return;
        }
        try {
            hwpt.setFaults(context.get(faultId, FaultQueue.class));
        } catch (KernelFailure failure) {
            hwpt.destroy();
            throw failure;
        }
    }
}
