package io.viommufleet.agent.iommufd.system;

import static io.viommufleet.agent.iommufd.system.Errno.EFAULT;

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
    }
}
