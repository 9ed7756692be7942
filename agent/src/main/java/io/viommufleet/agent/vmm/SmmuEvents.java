package io.viommufleet.agent.vmm;

import io.viommufleet.agent.iommufd.QueueFile;
import io.viommufleet.agent.iommufd.Result;
import io.viommufleet.agent.iommufd.VeventqAlloc;
import io.viommufleet.agent.iommufd.Viommu;
import io.viommufleet.agent.iommufd.system.KernelFailure;
import io.viommufleet.common.model.GuestStep;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.jspecify.annotations.Nullable;

/** The event queue of an accelerated SMMUv3 (QEMU smmuv3_accel_alloc_veventq): made when the guest enables its own, read when an event comes. */
final class SmmuEvents {
    /** Entries of the largest event queue that QEMU's SMMUv3 offers (SMMU_IDR1.EVENTQS = 19), as Linux guests lay theirs out in one page block. */
    private static final int DEPTH = 1 << 15;

    private static final int HEADER_BYTES = 8;
    private static final int EVENT_BYTES = 32;
    private static final int TRANSLATION_FAULT = 0x10;
    private static final int SUBSTREAM_VALID = 1 << 11;
    private static final int SUBSTREAM_SHIFT = 12;
    private static final int STREAM_SHIFT = 32;
    private static final long READ = 1L << 35;

    private final ViommuInstance instance;
    private final LeftOvers leftOvers = new LeftOvers();
    private VeventqAlloc.@Nullable Allocated queue;

    SmmuEvents(ViommuInstance instance) {
        this.instance = instance;
    }

    /** The guest enables its event queue. */
    void enable(GuestActivity activity) throws GuestFailure {
        if (queue == null) {
            int viommu = instance.viommuObject().orElseThrow();
            VeventqAlloc.Allocated made =
                    activity.callViommu(new VeventqAlloc(0, viommu, VeventqAlloc.TYPE_ARM_SMMUV3, DEPTH, 0));
            queue = made;
            activity.onFailure(() -> {
                queue = null;
                free(made, activity);
            });
        }
    }

    /** The guest disables its event queue. */
    void disable(GuestActivity activity) {
        VeventqAlloc.Allocated made = queue;
        if (made != null) {
            activity.onSuccess(() -> {
                queue = null;
                free(made, activity);
            });
        }
    }

    /** The last device goes. */
    void release(VmProcess vm, UndoStack stack) {
        VeventqAlloc.Allocated made = queue;
        if (made != null) {
            queue = null;
            close(vm, made);
            vm.destroy(made.veventqId(), stack);
        }
        leftOvers.release(vm, stack);
    }

    private void free(VeventqAlloc.Allocated made, GuestActivity activity) {
        close(activity.vm(), made);
        leftOvers.destroy(made.veventqId(), activity);
    }

    private static void close(VmProcess vm, VeventqAlloc.Allocated made) {
        vm.kernel().close(vm.process(), "VEVENTQ " + made.veventqId(), made.fd());
    }

    /** The device makes an access that stage 1 does not allow; the host's SMMU tells it by the guest's StreamID. */
    void translationFault(int stream, GuestStep.Fault fault, GuestActivity activity) throws GuestFailure {
        VeventqAlloc.Allocated made = queue;
        if (made == null) {
            activity.note("the guest has no event queue: the event is lost");
            return;
        }
        happen(activity.vm(), eventOf(stream, fault));
        if (!(activity.vm().process().files().get(made.fd()) instanceof QueueFile file)) {
            throw new IllegalStateException("descriptor %d is no event queue".formatted(made.fd()));
        }
        Result<byte[]> read = file.read(HEADER_BYTES + EVENT_BYTES);
        ByteBuffer record = ByteBuffer.wrap(activity.require("read", read)).order(ByteOrder.LITTLE_ENDIAN);
        activity.note(
                record.remaining() < HEADER_BYTES + EVENT_BYTES
                        ? "events were lost"
                        : "the guest gets event 0x%02x of stream 0x%x at 0x%x"
                                .formatted(
                                        record.get(HEADER_BYTES),
                                        record.getLong(HEADER_BYTES) >>> STREAM_SHIFT,
                                        record.getLong(HEADER_BYTES + 2 * Long.BYTES)));
    }

    private static byte[] eventOf(int stream, GuestStep.Fault fault) {
        long substream = fault.pasid() == 0 ? 0 : SUBSTREAM_VALID | (long) fault.pasid() << SUBSTREAM_SHIFT;
        return ByteBuffer.allocate(EVENT_BYTES)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(TRANSLATION_FAULT | substream | (long) stream << STREAM_SHIFT)
                .putLong(fault.write() ? 0 : READ)
                .putLong(fault.iova())
                .putLong(0)
                .array();
    }

    /** The hardware's part, not the VMM's. */
    private void happen(VmProcess vm, byte[] event) {
        if (vm.iommufd().find(instance.viommuObject().orElseThrow()) instanceof Viommu viommu) {
            try {
                viommu.hardware().reportEvent(VeventqAlloc.TYPE_ARM_SMMUV3, event);
            } catch (KernelFailure lost) {
                // without a queue, the host only logs it
            }
        }
    }
}
