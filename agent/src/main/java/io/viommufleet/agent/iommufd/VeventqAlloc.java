package io.viommufleet.agent.iommufd;

import static io.viommufleet.agent.iommufd.system.Errno.EEXIST;
import static io.viommufleet.agent.iommufd.system.Errno.EINVAL;
import static io.viommufleet.agent.iommufd.system.Errno.EOPNOTSUPP;

import io.viommufleet.agent.iommufd.system.KernelFailure;

/**
 * VEVENTQ_ALLOC: makes a queue for events of one type on a viommu, and a file to read it through.
 *
 * @param flags must be 0
 * @param viommuId which viommu
 * @param type of the events
 * @param depth how many are kept, unsigned
 * @param reserved must be 0
 */
public record VeventqAlloc(int flags, int viommuId, int type, int depth, int reserved)
        implements Ioctl<VeventqAlloc.Allocated> {
    /** IOMMU_VEVENTQ_TYPE_ARM_SMMUV3. */
    public static final int TYPE_ARM_SMMUV3 = 1;

    /**
     * The new queue.
     *
     * @param veventqId its id
     * @param fd descriptor of its file
     */
    public record Allocated(int veventqId, int fd) {}

    @Override
    public String name() {
        return "VEVENTQ_ALLOC";
    }

    @Override
    public Allocated execute(Iommufd context) throws KernelFailure {
        if (flags != 0 || reserved != 0 || type == 0) {
            throw EOPNOTSUPP.failure();
        }
        if (depth == 0) {
            throw EINVAL.failure();
        }
        Viommu viommu = context.get(viommuId, Viommu.class);
        if (viommu.queue(type) != null) {
            throw EEXIST.failure();
        }
        EventQueue queue = new EventQueue(context, context.objects().reserve(), viommu, type, depth);
        context.objects().install(queue);
        int fd = context.currentProcess().files().install(new QueueFile(queue));
        return new Allocated(queue.id(), fd);
    }
}
