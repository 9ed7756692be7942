package io.viommufleet.agent.iommufd;

import static io.viommufleet.agent.iommufd.system.Errno.EINVAL;
import static io.viommufleet.agent.iommufd.system.Errno.ENXIO;
import static io.viommufleet.agent.iommufd.system.Errno.EPERM;
import static io.viommufleet.agent.iommufd.system.PageMath.PAGE_SIZE;

import io.viommufleet.agent.iommufd.system.KernelFailure;
import java.util.Map;
import java.util.TreeMap;

/** The offsets at which drivers let user space map hardware pages: the lowest free range from the second page on. */
final class MappableRegions {
    private final TreeMap<Long, Region> regions = new TreeMap<>();

    /** Finds an offset for a region of {@code owner}. */
    long publish(Viommu owner, int lengthBytes) {
        long offset = PAGE_SIZE;
        for (Map.Entry<Long, Region> entry : regions.entrySet()) {
            if (entry.getKey() - offset >= lengthBytes) {
                break;
            }
            offset = entry.getKey() + entry.getValue().lengthBytes();
        }
        regions.put(offset, new Region(owner, lengthBytes));
        return offset;
    }

    /** Takes back a region. */
    void withdraw(long offset) {
        regions.remove(offset);
    }

    /** Maps exactly a published pair: EINVAL private, EPERM executable, ENXIO anything else. */
    MappedRegion map(long offset, long lengthBytes, boolean shared, boolean executable) throws KernelFailure {
        if (!shared) {
            throw EINVAL.failure();
        }
        if (executable) {
            throw EPERM.failure();
        }
        Region region = regions.get(offset);
        if (region == null || region.lengthBytes() != lengthBytes) {
            throw ENXIO.failure();
        }
        return new MappedRegion(region.owner(), region.owner().hardware().mappedWord());
    }

    record Request(long offset, long lengthBytes, boolean shared, boolean executable) {}

    private record Region(Viommu owner, int lengthBytes) {}
}
