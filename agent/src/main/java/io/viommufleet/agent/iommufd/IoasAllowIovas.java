package io.viommufleet.agent.iommufd;

import static io.viommufleet.agent.iommufd.system.Errno.EINVAL;
import static io.viommufleet.agent.iommufd.system.Errno.EOPNOTSUPP;
import static io.viommufleet.agent.iommufd.system.PageMath.below;

import io.viommufleet.agent.iommufd.iova.IovaRange;
import io.viommufleet.agent.iommufd.system.KernelFailure;
import io.viommufleet.agent.iommufd.system.UserBuffer;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;

/**
 * IOAS_ALLOW_IOVAS: replaces the ranges that automatic choice may use. None means any.
 *
 * @param ioasId of which IOAS
 * @param numIovas how many ranges, unsigned
 * @param array the ranges, 16 bytes each
 * @param reserved must be 0
 */
public record IoasAllowIovas(int ioasId, int numIovas, UserBuffer array, int reserved) implements Ioctl<Ioctl.Done> {
    /** From ranges of this JVM. */
    public static IoasAllowIovas of(int ioasId, List<IovaRange> ranges) {
        ByteBuffer bytes = ByteBuffer.allocate(ranges.size() * 2 * Long.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        ranges.forEach(range -> bytes.putLong(range.start()).putLong(range.last()));
        return new IoasAllowIovas(ioasId, ranges.size(), UserBuffer.of(bytes.array()), 0);
    }

    @Override
    public String name() {
        return "IOAS_ALLOW_IOVAS";
    }

    @Override
    public Done execute(Iommufd context) throws KernelFailure {
        if (reserved != 0) {
            throw EOPNOTSUPP.failure();
        }
        Ioas ioas = context.get(ioasId, Ioas.class);
        ioas.space().allow(read());
        return Done.DONE;
    }

    private List<IovaRange> read() throws KernelFailure {
        List<IovaRange> ranges = new ArrayList<>();
        byte[] entry = new byte[2 * Long.BYTES];
        for (int index = 0; Integer.compareUnsigned(index, numIovas) < 0; index++) {
            array.read(index * 2L * Long.BYTES, entry);
            ByteBuffer fields = ByteBuffer.wrap(entry).order(ByteOrder.LITTLE_ENDIAN);
            long start = fields.getLong();
            long last = fields.getLong();
            boolean clash = ranges.stream().anyMatch(range -> below(start, last) && range.overlaps(start, last));
            if (!below(start, last) || clash) {
                throw EINVAL.failure();
            }
            ranges.add(new IovaRange(start, last));
        }
        return ranges;
    }
}
