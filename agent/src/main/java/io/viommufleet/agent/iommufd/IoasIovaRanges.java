package io.viommufleet.agent.iommufd;

import static io.viommufleet.agent.iommufd.system.Errno.EMSGSIZE;
import static io.viommufleet.agent.iommufd.system.Errno.EOPNOTSUPP;

import io.viommufleet.agent.iommufd.iova.IovaRange;
import io.viommufleet.agent.iommufd.system.KernelFailure;
import io.viommufleet.agent.iommufd.system.UserBuffer;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;

/**
 * IOAS_IOVA_RANGES: which IOVAs no domain or device reserves. Fails with EMSGSIZE, but writes what fits, when there are more ranges than room.
 *
 * @param ioasId of which IOAS
 * @param numIovas room in the array, unsigned
 * @param array where ranges go, 16 bytes each
 * @param reserved must be 0
 */
public record IoasIovaRanges(int ioasId, int numIovas, UserBuffer array, int reserved)
        implements Ioctl<IoasIovaRanges.Ranges> {
    private static final int ROOM = 64;

    /**
     * What is usable.
     *
     * @param all every range, whether there was room for it or not
     * @param alignment that IOVAs, lengths and page offsets need, in bytes
     */
    public record Ranges(List<IovaRange> all, long alignment) {}

    /** For callers that want the ranges rather than an array. */
    public IoasIovaRanges(int ioasId) {
        this(ioasId, ROOM, UserBuffer.of(new byte[ROOM * 2 * Long.BYTES]), 0);
    }

    @Override
    public String name() {
        return "IOAS_IOVA_RANGES";
    }

    @Override
    public Ranges execute(Iommufd context) throws KernelFailure {
        if (reserved != 0) {
            throw EOPNOTSUPP.failure();
        }
        Ioas ioas = context.get(ioasId, Ioas.class);
        List<IovaRange> ranges = ioas.space().usableRanges();
        for (int index = 0; index < ranges.size() && Integer.compareUnsigned(index, numIovas) < 0; index++) {
            array.write(index * 2L * Long.BYTES, bytes(ranges.get(index)));
        }
        Ranges output = new Ranges(ranges, ioas.space().alignment());
        if (Integer.compareUnsigned(ranges.size(), numIovas) > 0) {
            throw EMSGSIZE.failureWith(output);
        }
        return output;
    }

    private static byte[] bytes(IovaRange range) {
        return ByteBuffer.allocate(2 * Long.BYTES)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(range.start())
                .putLong(range.last())
                .array();
    }
}
