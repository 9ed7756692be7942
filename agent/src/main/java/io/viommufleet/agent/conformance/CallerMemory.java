package io.viommufleet.agent.conformance;

import io.viommufleet.agent.iommufd.system.AddressSpace;
import io.viommufleet.agent.iommufd.system.Errno;
import io.viommufleet.agent.iommufd.system.KernelFailure;
import java.util.HexFormat;

/**
 * The memory of the program that recorded a trace, as that program saw it.
 *
 * @param space its address space
 */
record CallerMemory(AddressSpace space) {
    /** Puts bytes where the program had them; an address that cannot be written had none. */
    void store(long address, byte[] bytes) {
        try {
            space.write(address, bytes);
        } catch (KernelFailure unmapped) {
            assert unmapped.errno() == Errno.EFAULT;
        }
    }

    /** What stands at an address, in hexadecimal; empty when it cannot be read. */
    String load(long address, int length) {
        byte[] bytes = new byte[length];
        try {
            space.read(address, bytes);
        } catch (KernelFailure unmapped) {
            return "";
        }
        return HexFormat.of().formatHex(bytes);
    }
}
