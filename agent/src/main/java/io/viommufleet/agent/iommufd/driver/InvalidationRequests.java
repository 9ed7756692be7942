package io.viommufleet.agent.iommufd.driver;

import static io.viommufleet.agent.iommufd.system.Errno.E2BIG;
import static io.viommufleet.agent.iommufd.system.Errno.EINVAL;

import io.viommufleet.agent.iommufd.system.KernelFailure;
import io.viommufleet.agent.iommufd.system.UserBuffer;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;

/** An array of invalidation entries in the caller's memory, and how many were handled. */
public final class InvalidationRequests {
    private final int type;
    private final int entryBytes;
    private final int count;
    private final UserBuffer buffer;
    private int handled;

    /** {@code count} entries of {@code entryBytes} each; both are unsigned. */
    public InvalidationRequests(int type, int entryBytes, int count, UserBuffer buffer) {
        this.type = type;
        this.entryBytes = entryBytes;
        this.count = count;
        this.buffer = buffer;
    }

    /** The data type that the caller names. */
    public int type() {
        return type;
    }

    /** How many entries there are, unsigned. */
    public int count() {
        return count;
    }

    /** Bytes of one entry, unsigned. */
    public int entryBytes() {
        return entryBytes;
    }

    /** How many entries were handled. */
    public int handled() {
        return handled;
    }

    /** One more was handled. */
    public void countHandled() {
        handled++;
    }

    /** Claims a number of handled entries that is not so, for the one driver that fails to report it. */
    public void setHandled(int claimed) {
        handled = claimed;
    }

    /**
     * Copies entry {@code index}, a struct of {@code sizeBytes} whose first {@code minimumBytes} are needed: EINVAL when entries are shorter or of
     * another type; zero-extends shorter and refuses longer ones that do not end in zeroes with E2BIG.
     */
    public ByteBuffer entry(int index, int expectedType, int minimumBytes, int sizeBytes) throws KernelFailure {
        if (type != expectedType || Integer.compareUnsigned(entryBytes, minimumBytes) < 0) {
            throw EINVAL.failure();
        }
        int given = Integer.compareUnsigned(entryBytes, sizeBytes) < 0 ? entryBytes : sizeBytes;
        byte[] bytes = new byte[given];
        long offset = Integer.toUnsignedLong(index) * Integer.toUnsignedLong(entryBytes);
        if (entryBytes != given) {
            requireZeroes(offset + sizeBytes, Integer.toUnsignedLong(entryBytes) - sizeBytes);
        }
        buffer.read(offset, bytes);
        return ByteBuffer.wrap(java.util.Arrays.copyOf(bytes, sizeBytes)).order(ByteOrder.LITTLE_ENDIAN);
    }

    /**
     * Copies all entries before any of them is looked at, as drivers do that work on an array of commands: one that cannot be copied means that none was
     * handled. The rules are those of {@link #entry}.
     */
    public List<ByteBuffer> entries(int expectedType, int minimumBytes, int sizeBytes) throws KernelFailure {
        List<ByteBuffer> entries = new ArrayList<>();
        for (int index = 0; Integer.compareUnsigned(index, count) < 0; index++) {
            entries.add(entry(index, expectedType, minimumBytes, sizeBytes));
        }
        return entries;
    }

    private void requireZeroes(long offset, long length) throws KernelFailure {
        byte[] piece = new byte[1];
        for (long at = 0; at < length; at++) {
            buffer.read(offset + at, piece);
            if (piece[0] != 0) {
                throw E2BIG.failure();
            }
        }
    }
}
