package io.viommufleet.agent.iommufd;

import static io.viommufleet.agent.iommufd.system.Errno.EINVAL;

import io.viommufleet.agent.iommufd.driver.PagingDomain;
import io.viommufleet.agent.iommufd.iova.IovaRange;
import io.viommufleet.agent.iommufd.system.KernelFailure;
import org.jspecify.annotations.Nullable;

/** A page table that translates everything in its IOAS. */
public final class HwptPaging extends Hwpt {
    private final Ioas ioas;
    private final PagingDomain domain;
    private final boolean nestParent;
    private boolean automatic;

    HwptPaging(Iommufd context, int id, Ioas ioas, PagingDomain domain, boolean nestParent) {
        super(context, id);
        this.ioas = ioas;
        this.domain = domain;
        this.nestParent = nestParent;
        ioas.hold();
    }

    @Override
    public ObjectKind kind() {
        return ObjectKind.HWPT_PAGING;
    }

    @Override
    public PagingDomain domain() {
        return domain;
    }

    @Override
    public HwptPaging paging() {
        return this;
    }

    /** The address space that it translates. */
    public Ioas ioas() {
        return ioas;
    }

    /** Whether nested HWPTs and viommus can stand on it. */
    public boolean isNestParent() {
        return nestParent;
    }

    /** Whether attaching to an IOAS made it; then the last detach destroys it. */
    public boolean isAutomatic() {
        return automatic;
    }

    void setAutomatic() {
        automatic = true;
    }

    /** A device that enforces coherency wants the domain to; EINVAL when it cannot. */
    void enforceCoherencyFor(Device device) throws KernelFailure {
        if (device.hardware().traits().enforcesCoherency() && !domain.enforceCoherency()) {
            throw EINVAL.failure();
        }
    }

    /** Marks what DMA to an IOVA dirties: the whole page-table entry that translates it. */
    public void markDirty(long iova) {
        var log = domain.dirtyLog();
        IovaRange entry = entryAt(iova);
        if (log != null && entry != null) {
            log.mark(entry.start(), entry.last());
        }
    }

    /** The IOVAs of the page-table entry that translates {@code iova}: the largest page that area, alignment and memory allow; null if none does. */
    public @Nullable IovaRange entryAt(long iova) {
        MappedArea area = ioas.areaAt(iova);
        if (area == null) {
            return null;
        }
        PageSource.Backing backing = area.pages().source().backing(area.positionOf(iova));
        long contiguous = backing == null ? 1 : backing.object().contiguousBytes();
        long smallest = Long.lowestOneBit(domain.pageSizes());
        long size = ioas.hugePages() ? Long.highestOneBit(domain.pageSizes()) : smallest;
        for (; size > smallest; size = Long.highestOneBit(domain.pageSizes() & (size - 1))) {
            long start = iova & -size;
            boolean inside = Long.compareUnsigned(area.start(), start) <= 0
                    && Long.compareUnsigned(start + size - 1, area.last()) <= 0;
            boolean aligned = backing != null && ((backing.offset() - (iova - start)) & (size - 1)) == 0;
            if (inside && aligned && size <= contiguous) {
                break;
            }
        }
        long start = iova & -size;
        return new IovaRange(start, start + size - 1);
    }

    /**
     * Whether every page-table entry in {@code [first, last]} of an area is of the smallest size. False only says that one may be larger: some of the memory
     * is contiguous enough, though neither alignment nor the area's ends were looked at.
     */
    boolean hasSmallestEntriesOnly(MappedArea area, long first, long last) {
        long larger = domain.pageSizes() & (domain.pageSizes() - 1);
        return larger == 0
                || !ioas.hugePages()
                || area.pages().source().contiguousBytes(area.positionOf(first), area.positionOf(last))
                        < Long.lowestOneBit(larger);
    }

    /** Whether {@code iova} is translated to the byte at {@code address} of a process's memory. */
    public boolean translatesTo(long iova, io.viommufleet.agent.iommufd.system.AddressSpace memory, long address) {
        MappedArea area = ioas.areaAt(iova);
        var mapping = memory.at(address);
        if (area == null || mapping == null) {
            return false;
        }
        PageSource.Backing backing = area.pages().source().backing(area.positionOf(iova));
        return backing != null && backing.same(new PageSource.Backing(mapping.object(), mapping.offsetOf(address)));
    }

    @Override
    void destroy() {
        ioas.leave(this);
        ioas.drop();
        dropFaults();
    }
}
