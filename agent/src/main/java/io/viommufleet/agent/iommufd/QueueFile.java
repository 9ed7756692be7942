package io.viommufleet.agent.iommufd;

import io.viommufleet.agent.iommufd.system.KernelFailure;
import io.viommufleet.agent.iommufd.system.OpenFile;

/** The file of a fault or event queue; while open it holds the queue and its context. */
public final class QueueFile implements OpenFile {
    private final RecordQueue queue;

    QueueFile(RecordQueue queue) {
        this.queue = queue;
        queue.object().hold();
        queue.object().context().holdFile();
    }

    /** A queue that user space reads records from. */
    interface RecordQueue {
        IommufdObject object();

        byte[] read(int count) throws KernelFailure;

        int write(byte[] bytes) throws KernelFailure;

        int poll();
    }

    /** Reads whole records, at most {@code count} bytes. */
    public Result<byte[]> read(int count) {
        return queue.object().context().kernel().run(name(), "read", count, () -> queue.read(count));
    }

    /** Writes records and tells how many bytes were taken. */
    public Result<Integer> write(byte[] bytes) {
        return queue.object().context().kernel().run(name(), "write", bytes.length, () -> queue.write(bytes));
    }

    /** The events that poll would report: {@link #POLLIN}, {@link #POLLOUT}. */
    public int poll() {
        return queue.poll();
    }

    @Override
    public void release() {
        Iommufd context = queue.object().context();
        queue.object().drop();
        context.dropFile();
    }

    private String name() {
        return queue.object().kind() + " " + queue.object().id();
    }

    /** Records can be read. */
    public static final int POLLIN = 1;

    /** Records can be written. */
    public static final int POLLOUT = 4;
}
