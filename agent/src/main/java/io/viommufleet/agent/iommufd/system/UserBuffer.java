package io.viommufleet.agent.iommufd.system;

import static io.viommufleet.agent.iommufd.system.Errno.EFAULT;
import static io.viommufleet.agent.iommufd.system.PageMath.PAGE_SIZE;
import static io.viommufleet.agent.iommufd.system.PageMath.offsetInPage;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * What a pointer of an ioctl points to. A caller inside this JVM passes {@link #of bytes}; the binary entry point passes an address in the caller's
 * address space, whose pages may be missing.
 */
public interface UserBuffer {
    /** Whether this is the null pointer. */
    boolean isNull();

    /** Fills {@code target} with what stands at {@code offset}; EFAULT when it cannot be read. */
    void read(long offset, byte[] target) throws KernelFailure;

    /** Writes {@code source} at {@code offset}; EFAULT when it cannot be written. */
    void write(long offset, byte[] source) throws KernelFailure;

    /**
     * Sets at {@code offset} every bit that is set in {@code words[from]} up to before {@code words[to]}, little-endian, and changes no other. What cannot be
     * read and written is skipped, page by page.
     */
    void setBits(long offset, long[] words, int from, int to);

    /** The null pointer. */
    static UserBuffer ofNull() {
        return new AtAddress(new AddressSpace(), 0);
    }

    /** Memory of this JVM; an access beyond its end is an EFAULT. */
    static UserBuffer of(byte[] bytes) {
        return new InJvm(bytes);
    }

    /** Memory of a process. */
    static UserBuffer at(AddressSpace memory, long address) {
        return new AtAddress(memory, address);
    }

    /** Memory of this JVM, read and written in place. */
    final class InJvm implements UserBuffer {
        private static final VarHandle WORD =
                MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

        private final byte[] bytes;

        InJvm(byte[] bytes) {
            this.bytes = bytes;
        }

        @Override
        public boolean isNull() {
            return false;
        }

        @Override
        public void read(long offset, byte[] target) throws KernelFailure {
            check(offset, target.length);
            System.arraycopy(bytes, (int) offset, target, 0, target.length);
        }

        @Override
        public void write(long offset, byte[] source) throws KernelFailure {
            check(offset, source.length);
            System.arraycopy(source, 0, bytes, (int) offset, source.length);
        }

        @Override
        public void setBits(long offset, long[] words, int from, int to) {
            if (offset < 0 || offset >= bytes.length) {
                return;
            }
            int start = (int) offset;
            int whole = Math.min(to - from, (bytes.length - start) / Long.BYTES);
            setWords(bytes, start, words, from, whole);
            if (whole < to - from) {
                long rest = words[from + whole];
                for (int at = start + whole * Long.BYTES; at < bytes.length; at++, rest >>>= Byte.SIZE) {
                    bytes[at] |= (byte) rest;
                }
            }
        }

        private static void setWords(byte[] bytes, int start, long[] words, int from, int count) {
            for (int word = 0; word < count; word++) {
                int at = start + word * Long.BYTES;
                WORD.set(bytes, at, (long) WORD.get(bytes, at) | words[from + word]);
            }
        }

        private void check(long offset, int length) throws KernelFailure {
            if (offset < 0 || offset + length > bytes.length) {
                throw EFAULT.failure();
            }
        }
    }

    /**
     * Memory of a process.
     *
     * @param memory of the process
     * @param address virtual address; 0 is the null pointer
     */
    record AtAddress(AddressSpace memory, long address) implements UserBuffer {
        @Override
        public boolean isNull() {
            return address == 0;
        }

        @Override
        public void read(long offset, byte[] target) throws KernelFailure {
            memory.read(address + offset, target);
        }

        @Override
        public void write(long offset, byte[] source) throws KernelFailure {
            memory.write(address + offset, source);
        }

        @Override
        public void setBits(long offset, long[] words, int from, int to) {
            ByteBuffer bits = ByteBuffer.allocate((to - from) * Long.BYTES).order(ByteOrder.LITTLE_ENDIAN);
            bits.asLongBuffer().put(words, from, to - from);
            while (bits.hasRemaining()) {
                long at = address + offset + bits.position();
                byte[] piece = new byte[Math.min(bits.remaining(), PAGE_SIZE - offsetInPage(at))];
                bits.get(piece);
                setBitsInPage(at, piece);
            }
        }

        private void setBitsInPage(long at, byte[] bits) {
            byte[] present = new byte[bits.length];
            try {
                memory.read(at, present);
                for (int index = 0; index < bits.length; index++) {
                    present[index] |= bits[index];
                }
                memory.write(at, present);
            } catch (KernelFailure unreachable) {
                // left out; the ioctl does not fail for it
            }
        }
    }
}
