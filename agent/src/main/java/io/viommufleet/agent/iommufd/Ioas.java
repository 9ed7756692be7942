package io.viommufleet.agent.iommufd;

import static io.viommufleet.agent.iommufd.system.Errno.EBUSY;
import static io.viommufleet.agent.iommufd.system.Errno.EDEADLOCK;
import static io.viommufleet.agent.iommufd.system.Errno.EINVAL;
import static io.viommufleet.agent.iommufd.system.Errno.ENOENT;
import static io.viommufleet.agent.iommufd.system.Errno.EOPNOTSUPP;
import static io.viommufleet.agent.iommufd.system.Errno.EPERM;
import static io.viommufleet.agent.iommufd.system.PageMath.PAGE_SIZE;
import static io.viommufleet.agent.iommufd.system.PageMath.below;

import io.viommufleet.agent.iommufd.driver.DirtyLog;
import io.viommufleet.agent.iommufd.driver.PagingDomain;
import io.viommufleet.agent.iommufd.driver.ReservedRegion;
import io.viommufleet.agent.iommufd.iova.IovaRange;
import io.viommufleet.agent.iommufd.iova.IovaSpace;
import io.viommufleet.agent.iommufd.system.KernelFailure;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * An I/O address space. Memory that is mapped into it is pinned only once a HWPT translates it; every HWPT of the IOAS translates all of it.
 */
public final class Ioas extends IommufdObject {
    private static final int UNMAP_ATTEMPTS = 100;

    private final IovaSpace<MappedArea> space = new IovaSpace<>();
    private final List<HwptPaging> hwpts = new ArrayList<>();
    private final List<Access> accesses = new ArrayList<>();
    private boolean hugePages = true;

    Ioas(Iommufd context, int id) {
        super(context, id);
    }

    @Override
    public ObjectKind kind() {
        return ObjectKind.IOAS;
    }

    /** Reserves IOVAs for nobody in particular; EADDRINUSE when taken. For test modules. */
    public void reserve(long start, long last) throws KernelFailure {
        space.reserve(start, last, null);
    }

    IovaSpace<MappedArea> space() {
        return space;
    }

    List<HwptPaging> hwpts() {
        return hwpts;
    }

    boolean hugePages() {
        return hugePages;
    }

    ObjectSnapshot.Space snapshot() {
        return new ObjectSnapshot.Space(id(), space.areaCount(), space.reservationCount(), space.alignment());
    }

    /** One piece of memory to map: bytes of some pages. */
    record Piece(Pages pages, long byteOffset, long lengthBytes) {}

    /**
     * Maps pieces one after the other from one IOVA on, each as its own area.
     *
     * @return the first IOVA
     */
    long map(List<Piece> pieces, long lengthBytes, long wantedIova, int flags) throws KernelFailure {
        if (lengthBytes == 0 || (lengthBytes & (space.alignment() - 1)) != 0) {
            throw EINVAL.failure();
        }
        long iova = place(pieces.getFirst(), lengthBytes, wantedIova, flags);
        List<MappedArea> created = new ArrayList<>(pieces.size());
        try {
            long cursor = iova;
            for (Piece piece : pieces) {
                created.add(insert(piece, cursor, Protection.ofFlags(flags)));
                cursor += piece.lengthBytes();
            }
            for (MappedArea area : created) {
                translate(area);
            }
        } catch (KernelFailure failure) {
            created.forEach(this::discard);
            throw failure;
        }
        return iova;
    }

    /** Maps one piece; the common case of {@link #map(List, long, long, int)}. */
    long map(Piece piece, long wantedIova, int flags) throws KernelFailure {
        if (piece.lengthBytes() == 0 || (piece.lengthBytes() & (space.alignment() - 1)) != 0) {
            throw EINVAL.failure();
        }
        long iova = place(piece, piece.lengthBytes(), wantedIova, flags);
        MappedArea area = insert(piece, iova, Protection.ofFlags(flags));
        try {
            translate(area);
        } catch (KernelFailure failure) {
            discard(area);
            throw failure;
        }
        return iova;
    }

    /** The pieces of memory that cover a range without a gap; ENOENT if there is one. */
    List<Piece> pieces(long start, long last) throws KernelFailure {
        List<Piece> pieces = new ArrayList<>();
        MappedArea area = space.firstIn(start, start);
        long cursor = start;
        while (true) {
            if (area == null) {
                throw ENOENT.failure();
            }
            long pieceLast = below(last, area.last()) ? last : area.last();
            pieces.add(new Piece(area.pages(), area.byteOffsetOf(cursor), pieceLast - cursor + 1));
            if (pieceLast == last) {
                return pieces;
            }
            cursor = pieceLast + 1;
            area = space.adjacentTo(area);
        }
    }

    /** How far an unmapping got. */
    static final class Unmapping {
        private long bytes;

        /** Sum of the lengths of the areas that are gone. */
        long bytes() {
            return bytes;
        }
    }

    /**
     * Unmaps every area inside a range, from low to high. Stops at one that is locked (EBUSY), straddles an end (ENOENT) or whose user does not let go
     * (EDEADLOCK); areas before it stay unmapped.
     *
     * @return bytes unmapped
     */
    long unmap(long start, long last) throws KernelFailure {
        Unmapping unmapping = new Unmapping();
        unmap(start, last, unmapping);
        return unmapping.bytes();
    }

    /** {@link #unmap(long, long)} for a caller that wants to know how far it got even when it fails. */
    void unmap(long start, long last, Unmapping unmapping) throws KernelFailure {
        int attempts = 0;
        for (MappedArea area = space.firstIn(start, last); area != null; area = space.firstIn(start, last)) {
            if (area.isLocked()) {
                throw EBUSY.failure();
            }
            if (below(area.start(), start) || below(last, area.last())) {
                throw ENOENT.failure();
            }
            if (area.accesses() > 0) {
                notifyUnmap(area);
                if (++attempts > UNMAP_ATTEMPTS) {
                    throw EDEADLOCK.failure();
                }
                continue;
            }
            attempts = 0;
            discard(area);
            unmapping.bytes += area.lengthBytes();
        }
    }

    /**
     * Cuts the area at an IOVA into two, of which the lower ends there: EBUSY when it is locked, EOPNOTSUPP for a dma-buf, EINVAL when an access has pages of
     * it pinned or the cut is misaligned. An area that ends there anyway is left as it is.
     */
    void cutAfter(long iova) throws KernelFailure {
        MappedArea area = areaAt(iova);
        if (area == null || area.last() == iova) {
            return;
        }
        if (area.isLocked()) {
            throw EBUSY.failure();
        }
        if (area.pages().isDmabuf()) {
            throw EOPNOTSUPP.failure();
        }
        long upperStart = iova + 1;
        long misaligned = (upperStart | area.positionOf(upperStart)) & (space.alignment() - 1);
        if (area.accesses() > 0 || misaligned != 0) {
            throw EINVAL.failure();
        }
        MappedArea lower =
                new MappedArea(area.start(), iova, area.pages(), area.byteOffsetOf(area.start()), area.protection());
        MappedArea upper =
                new MappedArea(upperStart, area.last(), area.pages(), area.byteOffsetOf(upperStart), area.protection());
        lower.takePinsOf(area, upper);
        space.remove(area);
        space.insert(lower);
        space.insert(upper);
    }

    /** A HWPT joins: its page size raises the alignment, its aperture is reserved around, and everything mapped is pinned and translated. */
    void join(HwptPaging hwpt) throws KernelFailure {
        PagingDomain domain = hwpt.domain();
        long alignment = Math.max(Long.lowestOneBit(domain.pageSizes()), space.alignment());
        if (alignment > PAGE_SIZE) {
            throw EINVAL.failure();
        }
        space.checkAlignment(alignment);
        try {
            reserveAround(domain.aperture(), hwpt);
            translateAll(domain);
        } catch (KernelFailure failure) {
            space.release(hwpt);
            throw failure;
        }
        space.setAlignment(alignment);
        hwpts.add(hwpt);
    }

    /** A HWPT leaves; with the last one nothing stays pinned for it. */
    void leave(HwptPaging hwpt) {
        if (!hwpts.remove(hwpt)) {
            return;
        }
        space.release(hwpt);
        if (hwpts.isEmpty()) {
            space.forEachArea(MappedArea::unpinForDomains);
        }
        space.setAlignment(wantedAlignment());
    }

    /** A device's reserved regions join, all or none: EADDRINUSE when taken, EINVAL for an impossible mix of interrupt windows. */
    void reserveFor(Device device) throws KernelFailure {
        int software = 0;
        int hardware = 0;
        try {
            for (ReservedRegion region : device.hardware().reservedRegions()) {
                software += region.type() == ReservedRegion.Type.SOFTWARE_MSI ? 1 : 0;
                hardware += region.type() == ReservedRegion.Type.MSI ? 1 : 0;
                if (region.type() != ReservedRegion.Type.DIRECT_RELAXABLE) {
                    space.reserve(region.range().start(), region.range().last(), device);
                }
            }
            if (software > 1 || (software == 1 && hardware > 0)) {
                throw EINVAL.failure();
            }
        } catch (KernelFailure failure) {
            space.release(device);
            throw failure;
        }
    }

    /** An access joins: what it pins in raises the alignment. */
    void join(Access access) throws KernelFailure {
        space.checkAlignment(Math.max(space.alignment(), access.alignment()));
        accesses.add(access);
        space.setAlignment(wantedAlignment());
    }

    /** An access leaves. */
    void leave(Access access) {
        accesses.remove(access);
        space.setAlignment(wantedAlignment());
    }

    /** IOMMU_OPTION_HUGE_PAGES off: EINVAL once something is translated, EADDRINUSE when an area is not page aligned. */
    void disableHugePages() throws KernelFailure {
        if (!hugePages) {
            return;
        }
        if (!hwpts.isEmpty() && space.areaCount() > 0) {
            throw EINVAL.failure();
        }
        space.checkAlignment(PAGE_SIZE);
        hugePages = false;
        space.setAlignment(wantedAlignment());
    }

    /** IOMMU_OPTION_HUGE_PAGES on. */
    void enableHugePages() {
        hugePages = true;
        space.setAlignment(wantedAlignment());
    }

    @Override
    void destroy() {
        List<MappedArea> areas = new ArrayList<>();
        space.forEachArea(areas::add);
        areas.forEach(this::discard);
        if (context().compatIoas() == this) {
            context().setCompatIoas(null);
        }
    }

    private long place(Piece first, long lengthBytes, long wantedIova, int flags) throws KernelFailure {
        if (MapFlags.fixed(flags)) {
            space.checkFixed(wantedIova, lengthBytes);
            return wantedIova;
        }
        return space.choose(first.pages().positionOf(first.byteOffset()), lengthBytes);
    }

    private MappedArea insert(Piece piece, long iova, Protection protection) throws KernelFailure {
        if (protection.writable() && !piece.pages().isWritable()) {
            throw EPERM.failure();
        }
        MappedArea area =
                new MappedArea(iova, iova + piece.lengthBytes() - 1, piece.pages(), piece.byteOffset(), protection);
        if ((area.pageOffset() & (space.alignment() - 1)) != 0) {
            throw EINVAL.failure();
        }
        space.insert(area);
        return area;
    }

    private void translate(MappedArea area) throws KernelFailure {
        if (hwpts.isEmpty()) {
            return;
        }
        area.pinForDomains();
        for (HwptPaging hwpt : hwpts) {
            checkTranslatable(area, hwpt.domain());
        }
    }

    private void translateAll(PagingDomain domain) throws KernelFailure {
        boolean pinsMissing = hwpts.isEmpty();
        try {
            for (MappedArea area = space.firstIn(0, -1L); area != null; area = space.after(area)) {
                if (pinsMissing) {
                    area.pinForDomains();
                }
                checkTranslatable(area, domain);
            }
        } catch (KernelFailure failure) {
            if (pinsMissing) {
                space.forEachArea(MappedArea::unpinForDomains);
            }
            throw failure;
        }
    }

    private static void checkTranslatable(MappedArea area, PagingDomain domain) throws KernelFailure {
        if (domain.refusesReadOnly() && !area.protection().writable()) {
            throw EINVAL.failure();
        }
    }

    /** Takes an area's entries out of every page table; what was dirty is forgotten with them. */
    private void discard(MappedArea area) {
        for (HwptPaging hwpt : hwpts) {
            DirtyLog log = hwpt.domain().dirtyLog();
            if (log != null) {
                log.clear(area.start(), area.last());
            }
        }
        area.unpinForDomains();
        space.remove(area);
    }

    private void notifyUnmap(MappedArea area) {
        for (Access access : List.copyOf(accesses)) {
            access.notifyUnmap(area.start(), area.last());
        }
    }

    private void reserveAround(IovaRange aperture, HwptPaging owner) throws KernelFailure {
        if (aperture.start() != 0) {
            space.reserve(0, aperture.start() - 1, owner);
        }
        if (aperture.last() != -1L) {
            space.reserve(aperture.last() + 1, -1L, owner);
        }
    }

    private long wantedAlignment() {
        long alignment = hugePages ? 1 : PAGE_SIZE;
        for (HwptPaging hwpt : hwpts) {
            alignment = Math.max(alignment, Long.lowestOneBit(hwpt.domain().pageSizes()));
        }
        for (Access access : accesses) {
            alignment = Math.max(alignment, access.alignment());
        }
        return alignment;
    }

    /** The area at an IOVA, or null. */
    @Nullable
    MappedArea areaAt(long iova) {
        return space.firstIn(iova, iova);
    }
}
