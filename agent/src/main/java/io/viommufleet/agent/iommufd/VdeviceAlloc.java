package io.viommufleet.agent.iommufd;

import static io.viommufleet.agent.iommufd.system.Errno.EEXIST;
import static io.viommufleet.agent.iommufd.system.Errno.EINVAL;

import io.viommufleet.agent.iommufd.system.KernelFailure;

/**
 * VDEVICE_ALLOC: tells a viommu by which id the guest names a device.
 *
 * @param viommuId which viommu
 * @param devId which device
 * @param virtualId the guest's id, a StreamID for SMMUv3
 */
public record VdeviceAlloc(int viommuId, int devId, long virtualId) implements Ioctl<VdeviceAlloc.Allocated> {
    /**
     * The new vdevice.
     *
     * @param vdeviceId its id
     */
    public record Allocated(int vdeviceId) {}

    @Override
    public String name() {
        return "VDEVICE_ALLOC";
    }

    @Override
    public Allocated execute(Iommufd context) throws KernelFailure {
        Viommu viommu = context.get(viommuId, Viommu.class);
        Device device = context.get(devId, Device.class);
        if (!viommu.hardware().serves(device.hardware())) {
            throw EINVAL.failure();
        }
        if (device.vdevice() != null || viommu.hardware().deviceOf(virtualId) != null) {
            throw EEXIST.failure();
        }
        viommu.hardware().checkVdevice(device.hardware(), virtualId);
        Vdevice vdevice = new Vdevice(context, context.objects().reserve(), viommu, device, virtualId);
        context.objects().install(vdevice);
        return new Allocated(vdevice.id());
    }
}
