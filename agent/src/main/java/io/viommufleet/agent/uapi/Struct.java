package io.viommufleet.agent.uapi;

import static io.viommufleet.agent.iommufd.system.Errno.E2BIG;
import static io.viommufleet.agent.iommufd.system.Errno.EFAULT;
import static io.viommufleet.agent.iommufd.system.Errno.EINVAL;

import io.viommufleet.agent.iommufd.system.KernelFailure;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/** The kernel's copy of a caller's struct: fields by name, little endian; what the caller did not give is zero. */
public final class Struct {
    private static final ValueLayout.OfShort SHORT =
            ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private final StructLayout layout;
    private final MemorySegment bytes;

    private Struct(StructLayout layout, MemorySegment bytes) {
        this.layout = layout;
        this.bytes = bytes;
    }

    /** An all-zero struct of the full size; the size field is set. */
    public static Struct empty(StructLayout layout) {
        Struct struct = new Struct(layout, MemorySegment.ofArray(new byte[layout.sizeBytes()]));
        struct.set(layout.fields().getFirst().name(), layout.sizeBytes());
        return struct;
    }

    /** A caller's own memory seen as a struct, which it may exceed but not fall short of. */
    public static Struct over(StructLayout layout, MemorySegment memory) {
        return new Struct(layout, memory);
    }

    /**
     * Copies a caller's struct by the rule of the iommufd ioctls (copy_struct_from_user): EFAULT where its memory ends, EINVAL below the least size,
     * E2BIG when a byte beyond the known struct is not zero.
     */
    public static Struct copyFrom(MemorySegment caller, StructLayout layout) throws KernelFailure {
        return copyFrom(caller, layout, layout.minimumBytes(), layout.sizeBytes());
    }

    /** {@link #copyFrom(MemorySegment, StructLayout)} for a kernel that knows only the first {@code knownBytes} of the struct. */
    static Struct copyFrom(MemorySegment caller, StructLayout layout, int minimumBytes, int knownBytes)
            throws KernelFailure {
        long size = sizeOf(caller);
        if (size < minimumBytes) {
            throw EINVAL.failure();
        }
        for (long at = knownBytes; at < size; at++) {
            requireReadable(caller, at + 1);
            if (caller.get(ValueLayout.JAVA_BYTE, at) != 0) {
                throw E2BIG.failure();
            }
        }
        return head(caller, layout, Math.min(size, knownBytes));
    }

    /** Copies as much of a caller's struct as its size says, whatever follows: the rule of the VFIO device ioctls. */
    static Struct copyHead(MemorySegment caller, StructLayout layout) throws KernelFailure {
        return head(caller, layout, Math.min(sizeOf(caller), layout.sizeBytes()));
    }

    private static Struct head(MemorySegment caller, StructLayout layout, long givenBytes) throws KernelFailure {
        requireReadable(caller, givenBytes);
        MemorySegment copy = MemorySegment.ofArray(new byte[layout.sizeBytes()]);
        MemorySegment.copy(caller, 0, copy, 0, givenBytes);
        return new Struct(layout, copy);
    }

    /** The size that a caller's struct begins with, unsigned; EFAULT when not even that can be read. */
    static long sizeOf(MemorySegment caller) throws KernelFailure {
        requireReadable(caller, Integer.BYTES);
        return Integer.toUnsignedLong(caller.get(INT, 0));
    }

    private static void requireReadable(MemorySegment caller, long bytes) throws KernelFailure {
        if (caller.byteSize() < bytes) {
            throw EFAULT.failure();
        }
    }

    /** Copies the struct back, as much of it as the caller has; EFAULT when it cannot be written. */
    void copyTo(MemorySegment caller) throws KernelFailure {
        copyTo(caller, sizeOf(caller));
    }

    /** {@link #copyTo(MemorySegment)} for a caller whose struct is {@code givenBytes} long. */
    void copyTo(MemorySegment caller, long givenBytes) throws KernelFailure {
        if (caller.isReadOnly()) {
            throw EFAULT.failure();
        }
        MemorySegment.copy(bytes, 0, caller, 0, Math.min(givenBytes, layout.sizeBytes()));
    }

    /** What the struct is. */
    public StructLayout layout() {
        return layout;
    }

    /** The bytes, for passing them to a call. */
    public MemorySegment segment() {
        return bytes;
    }

    /** A field of at most 32 bits. */
    public int get32(String field) {
        return (int) get(field);
    }

    /** A field of any width, unsigned below 64 bits. */
    public long get(String name) {
        Field field = layout.field(name);
        return switch (field.bytes()) {
            case Byte.BYTES -> Byte.toUnsignedLong(bytes.get(ValueLayout.JAVA_BYTE, field.offset()));
            case Short.BYTES -> Short.toUnsignedLong(bytes.get(SHORT, field.offset()));
            case Integer.BYTES -> Integer.toUnsignedLong(bytes.get(INT, field.offset()));
            default -> bytes.get(LONG, field.offset());
        };
    }

    /** Sets a field to the low bits of {@code value}. */
    public Struct set(String name, long value) {
        Field field = layout.field(name);
        switch (field.bytes()) {
            case Byte.BYTES -> bytes.set(ValueLayout.JAVA_BYTE, field.offset(), (byte) value);
            case Short.BYTES -> bytes.set(SHORT, field.offset(), (short) value);
            case Integer.BYTES -> bytes.set(INT, field.offset(), (int) value);
            default -> bytes.set(LONG, field.offset(), value);
        }
        return this;
    }
}
