package io.viommufleet.agent.iommufd;

import static io.viommufleet.agent.iommufd.system.Errno.EOPNOTSUPP;

import io.viommufleet.agent.iommufd.system.KernelFailure;

/**
 * FAULT_QUEUE_ALLOC: makes a queue for page faults and a file to read it through.
 *
 * @param flags must be 0
 */
public record FaultQueueAlloc(int flags) implements Ioctl<FaultQueueAlloc.Allocated> {
    /**
     * The new queue.
     *
     * @param faultId its id
     * @param fd descriptor of its file
     */
    public record Allocated(int faultId, int fd) {}

    @Override
    public String name() {
        return "FAULT_QUEUE_ALLOC";
    }

    @Override
    public Allocated execute(Iommufd context) throws KernelFailure {
        if (flags != 0) {
            throw EOPNOTSUPP.failure();
        }
        FaultQueue queue = new FaultQueue(context, context.objects().reserve());
        context.objects().install(queue);
        int fd = context.currentProcess().files().install(new QueueFile(queue));
        return new Allocated(queue.id(), fd);
    }
}
