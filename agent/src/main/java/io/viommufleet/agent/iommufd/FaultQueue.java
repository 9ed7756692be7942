package io.viommufleet.agent.iommufd;

import static io.viommufleet.agent.iommufd.system.Errno.EINVAL;
import static io.viommufleet.agent.iommufd.system.Errno.ESPIPE;

import io.viommufleet.agent.iommufd.system.KernelFailure;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.TreeMap;

/** Page faults that wait to be read, and those that were read and wait for an answer by cookie. */
public final class FaultQueue extends IommufdObject implements QueueFile.RecordQueue {
    /** Bytes of one record: struct iommu_hwpt_pgfault. */
    public static final int RECORD_BYTES = 40;

    /** Bytes of one answer: struct iommu_hwpt_page_response. */
    public static final int ANSWER_BYTES = 8;

    private static final int FLAG_PASID_VALID = 1;
    private static final int FLAG_LAST_PAGE = 2;

    private final Deque<Pending> waiting = new ArrayDeque<>();
    private final TreeMap<Integer, Pending> unanswered = new TreeMap<>();

    FaultQueue(Iommufd context, int id) {
        super(context, id);
    }

    @Override
    public ObjectKind kind() {
        return ObjectKind.FAULT;
    }

    @Override
    public IommufdObject object() {
        return this;
    }

    /** How many faults wait to be read. */
    public int waitingCount() {
        return waiting.size();
    }

    /** A fault arrives from the slot of a group that is attached to a HWPT with this queue. */
    void deliver(DeviceGroup group, int slotPasid, int deviceId, PageFault fault) {
        waiting.add(new Pending(group, slotPasid, deviceId, fault));
    }

    /** Answers everything from a slot that is no longer attached, as invalid. */
    void answerAll(DeviceGroup group, int slotPasid) {
        waiting.removeIf(pending -> pending.isFrom(group, slotPasid));
        unanswered.values().removeIf(pending -> pending.isFrom(group, slotPasid));
    }

    @Override
    public byte[] read(int count) throws KernelFailure {
        if (count % RECORD_BYTES != 0) {
            throw ESPIPE.failure();
        }
        int records = Math.min(count / RECORD_BYTES, waiting.size());
        ByteBuffer buffer = ByteBuffer.allocate(records * RECORD_BYTES).order(ByteOrder.LITTLE_ENDIAN);
        for (int record = 0; record < records; record++) {
            Pending pending = waiting.remove();
            int cookie = 1;
            while (unanswered.containsKey(cookie)) {
                cookie++;
            }
            unanswered.put(cookie, pending);
            pending.write(buffer, cookie);
        }
        return buffer.array();
    }

    /** Takes back records that a reader could not keep: their faults wait again, before all others. */
    public void unread(byte[] records) {
        ByteBuffer buffer = ByteBuffer.wrap(records).order(ByteOrder.LITTLE_ENDIAN);
        for (int end = records.length; end >= RECORD_BYTES; end -= RECORD_BYTES) {
            Pending pending = unanswered.remove(buffer.getInt(end - Integer.BYTES));
            if (pending != null) {
                waiting.addFirst(pending);
            }
        }
    }

    @Override
    public int write(byte[] bytes) throws KernelFailure {
        if (bytes.length % ANSWER_BYTES != 0) {
            throw ESPIPE.failure();
        }
        ByteBuffer buffer = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        int done = 0;
        while (done < bytes.length) {
            int cookie = buffer.getInt();
            int code = buffer.getInt();
            boolean known = code == 0 || code == 1;
            if (!known || unanswered.remove(cookie) == null) {
                if (done == 0) {
                    throw EINVAL.failure();
                }
                return done;
            }
            done += ANSWER_BYTES;
        }
        return done;
    }

    @Override
    public int poll() {
        return QueueFile.POLLOUT | (waiting.isEmpty() ? 0 : QueueFile.POLLIN);
    }

    @Override
    void destroy() {
        waiting.clear();
        unanswered.clear();
    }

    private record Pending(DeviceGroup group, int slotPasid, int deviceId, PageFault fault) {
        boolean isFrom(DeviceGroup otherGroup, int otherPasid) {
            return group == otherGroup && slotPasid == otherPasid;
        }

        void write(ByteBuffer buffer, int cookie) {
            buffer.putInt(FLAG_LAST_PAGE | (fault.pasid() != 0 ? FLAG_PASID_VALID : 0))
                    .putInt(deviceId)
                    .putInt(fault.pasid())
                    .putInt(fault.groupId())
                    .putInt(fault.permissions())
                    .putInt(0)
                    .putLong(fault.address())
                    .putInt(0)
                    .putInt(cookie);
        }
    }
}
