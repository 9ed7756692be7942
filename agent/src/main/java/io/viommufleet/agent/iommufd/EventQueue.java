package io.viommufleet.agent.iommufd;

import static io.viommufleet.agent.iommufd.system.Errno.EINVAL;

import io.viommufleet.agent.iommufd.system.KernelFailure;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayDeque;
import java.util.Deque;
import org.jspecify.annotations.Nullable;

/**
 * Events of a viommu's devices. When the queue is full, what is lost is told by one header at its tail, whose sequence number is that of the last loss.
 */
public final class EventQueue extends IommufdObject implements QueueFile.RecordQueue {
    private static final int HEADER_BYTES = 8;
    private static final int FLAG_LOST_EVENTS = 1;

    private final Viommu viommu;
    private final int type;
    private final int depth;
    private final Deque<Event> events = new ArrayDeque<>();
    private @Nullable Integer lostSequence;
    private int sequence = -1;

    EventQueue(Iommufd context, int id, Viommu viommu, int type, int depth) {
        super(context, id);
        this.viommu = viommu;
        this.type = type;
        this.depth = depth;
        viommu.hold();
        viommu.addQueue(this);
    }

    @Override
    public ObjectKind kind() {
        return ObjectKind.VEVENTQ;
    }

    @Override
    public IommufdObject object() {
        return this;
    }

    int type() {
        return type;
    }

    void add(byte[] data) {
        sequence = sequence + 1 & Integer.MAX_VALUE;
        if (Integer.compareUnsigned(events.size(), depth) >= 0) {
            lostSequence = sequence;
            return;
        }
        lostSequence = null;
        events.add(new Event(sequence, data));
    }

    @Override
    public byte[] read(int count) {
        ByteBuffer buffer = ByteBuffer.allocate(count).order(ByteOrder.LITTLE_ENDIAN);
        while (!events.isEmpty() && events.element().data.length + HEADER_BYTES <= buffer.remaining()) {
            Event event = events.remove();
            buffer.putInt(0).putInt(event.sequence).put(event.data);
        }
        if (events.isEmpty() && lostSequence != null && buffer.remaining() >= HEADER_BYTES) {
            buffer.putInt(FLAG_LOST_EVENTS).putInt(lostSequence);
            lostSequence = null;
        }
        return java.util.Arrays.copyOf(buffer.array(), buffer.position());
    }

    @Override
    public int write(byte[] bytes) throws KernelFailure {
        throw EINVAL.failure();
    }

    @Override
    public int poll() {
        return events.isEmpty() && lostSequence == null ? 0 : QueueFile.POLLIN;
    }

    @Override
    void destroy() {
        viommu.removeQueue(this);
        viommu.drop();
    }

    private static final class Event {
        private final int sequence;
        private final byte[] data;

        Event(int sequence, byte[] data) {
            this.sequence = sequence;
            this.data = data;
        }
    }
}
