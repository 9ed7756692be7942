package io.viommufleet.agent.iommufd;

import io.viommufleet.agent.iommufd.KernelBehaviour.Trait;

/** A device as a guest's vIOMMU names it. */
public final class Vdevice extends IommufdObject {
    private final Viommu viommu;
    private final Device device;
    private final long virtualId;

    Vdevice(Iommufd context, int id, Viommu viommu, Device device, long virtualId) {
        super(context, id);
        this.viommu = viommu;
        this.device = device;
        this.virtualId = virtualId;
        viommu.hold();
        viommu.hardware().addDevice(virtualId, device.hardware());
        device.setVdevice(this);
    }

    @Override
    public ObjectKind kind() {
        return ObjectKind.VDEVICE;
    }

    /** The device goes away: so does this, and its id with it, as far as the kernel has tombstones. */
    void forceDestroy() {
        destroy();
        if (context().kernel().behaviour().has(Trait.TOMBSTONES)) {
            context().objects().bury(id());
        } else {
            context().objects().free(id());
        }
    }

    @Override
    void destroy() {
        device.setVdevice(null);
        viommu.hardware().removeDevice(virtualId);
        viommu.drop();
    }
}
