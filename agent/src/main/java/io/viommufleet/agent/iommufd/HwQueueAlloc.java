package io.viommufleet.agent.iommufd;

import static io.viommufleet.agent.iommufd.system.Errno.EFAULT;
import static io.viommufleet.agent.iommufd.system.Errno.EINVAL;
import static io.viommufleet.agent.iommufd.system.Errno.EOPNOTSUPP;
import static io.viommufleet.agent.iommufd.system.Errno.EOVERFLOW;
import static io.viommufleet.agent.iommufd.system.Errno.ERANGE;
import static io.viommufleet.agent.iommufd.system.PageMath.PAGE_SIZE;
import static io.viommufleet.agent.iommufd.system.PageMath.addOverflows;
import static io.viommufleet.agent.iommufd.system.PageMath.offsetInPage;
import static io.viommufleet.agent.iommufd.system.PageMath.pageOf;

import io.viommufleet.agent.iommufd.driver.HardwareQueues;
import io.viommufleet.agent.iommufd.system.KernelFailure;
import java.util.List;
import java.util.OptionalInt;

/**
 * HW_QUEUE_ALLOC: lets hardware read a queue in guest memory, whose pages are pinned and locked in place through the nesting parent.
 *
 * @param flags must be 0
 * @param viommuId which viommu
 * @param type of the queue
 * @param index of the queue
 * @param iova guest-physical address of the queue
 * @param lengthBytes of the queue
 */
public record HwQueueAlloc(int flags, int viommuId, int type, int index, long iova, long lengthBytes)
        implements Ioctl<HwQueueAlloc.Allocated> {
    /**
     * The new queue.
     *
     * @param hwQueueId its id
     */
    public record Allocated(int hwQueueId) {}

    @Override
    public String name() {
        return "HW_QUEUE_ALLOC";
    }

    @Override
    public Allocated execute(Iommufd context) throws KernelFailure {
        if (flags != 0 || type == 0) {
            throw EOPNOTSUPP.failure();
        }
        if (lengthBytes == 0) {
            throw EINVAL.failure();
        }
        if (addOverflows(iova, lengthBytes - 1)) {
            throw EOVERFLOW.failure();
        }
        Viommu viommu = context.get(viommuId, Viommu.class);
        HardwareQueues hardware = viommu.hardware().queues(type);
        if (hardware == null) {
            throw EOPNOTSUPP.failure();
        }
        long offset = offsetInPage(iova);
        if (addOverflows(lengthBytes, offset) || addOverflows(lengthBytes + offset, PAGE_SIZE - 1)) {
            throw ERANGE.failure();
        }
        int id = context.objects().reserve();
        try {
            context.objects().install(start(viommu, hardware, id, pageOf(lengthBytes + offset + PAGE_SIZE - 1)));
            return new Allocated(id);
        } catch (KernelFailure failure) {
            context.objects().free(id);
            throw failure;
        }
    }

    private HwQueue start(Viommu viommu, HardwareQueues hardware, int id, long pinnedBytes) throws KernelFailure {
        Iommufd context = viommu.context();
        Access access = new Access(context, context.objects().reserve(), true, false, (start, last) -> {});
        context.objects().install(access);
        long first = pageOf(iova);
        boolean pinned = false;
        try {
            access.attachTo(viommu.parent().ioas());
            List<PinnedPage> pages = access.pin(first, pinnedBytes, false, true);
            pinned = true;
            checkContiguous(pages);
            OptionalInt earlier = hardware.start(index, pages.getFirst().offset() + offsetInPage(iova), lengthBytes);
            HwQueue.Location location = new HwQueue.Location(index, access, first, pinnedBytes);
            HwQueue before = earlier.isPresent() ? viommu.hardwareQueue(earlier.getAsInt()) : null;
            return new HwQueue(id, viommu, hardware, location, before);
        } catch (KernelFailure failure) {
            if (pinned) {
                access.unpin(first, pinnedBytes, true);
            }
            access.close();
            throw failure;
        }
    }

    private static void checkContiguous(List<PinnedPage> pages) throws KernelFailure {
        for (int index = 1; index < pages.size(); index++) {
            if (!pages.get(index - 1).isFollowedBy(pages.get(index))) {
                throw EFAULT.failure();
            }
        }
    }
}
