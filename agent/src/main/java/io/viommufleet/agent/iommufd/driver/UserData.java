package io.viommufleet.agent.iommufd.driver;

import static io.viommufleet.agent.iommufd.system.Errno.EINVAL;

import io.viommufleet.agent.iommufd.system.KernelFailure;
import io.viommufleet.agent.iommufd.system.UserBuffer;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * Driver-specific data of HWPT_ALLOC, VIOMMU_ALLOC and their like.
 *
 * @param type driver data type; 0 for none
 * @param lengthBytes length that the caller gave
 * @param buffer where it is
 */
public record UserData(int type, int lengthBytes, UserBuffer buffer) {
    /** No data. */
    public static final UserData NONE = new UserData(0, 0, UserBuffer.ofNull());

    /** Whether the caller gave data. */
    public boolean present() {
        return lengthBytes != 0;
    }

    /**
     * Copies a struct of {@code sizeBytes} of which at least {@code minimumBytes} must be given: EINVAL for another type or length, EFAULT for a bad
     * pointer. What is not given is zero.
     */
    public ByteBuffer copy(int expectedType, int minimumBytes, int sizeBytes) throws KernelFailure {
        boolean lengthFits = lengthBytes >= minimumBytes && lengthBytes <= sizeBytes;
        if (type != expectedType || !lengthFits) {
            throw EINVAL.failure();
        }
        byte[] given = new byte[lengthBytes];
        buffer.read(0, given);
        byte[] struct = new byte[sizeBytes];
        System.arraycopy(given, 0, struct, 0, lengthBytes);
        return ByteBuffer.wrap(struct).order(ByteOrder.LITTLE_ENDIAN);
    }
}
