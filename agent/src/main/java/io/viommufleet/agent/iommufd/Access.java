package io.viommufleet.agent.iommufd;

import static io.viommufleet.agent.iommufd.system.Errno.EINVAL;
import static io.viommufleet.agent.iommufd.system.Errno.ENOENT;
import static io.viommufleet.agent.iommufd.system.Errno.EOVERFLOW;
import static io.viommufleet.agent.iommufd.system.Errno.EPERM;
import static io.viommufleet.agent.iommufd.system.PageMath.PAGE_SIZE;
import static io.viommufleet.agent.iommufd.system.PageMath.addOverflows;
import static io.viommufleet.agent.iommufd.system.PageMath.below;
import static io.viommufleet.agent.iommufd.system.PageMath.offsetInPage;

import io.viommufleet.agent.iommufd.system.KernelFailure;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** An in-kernel user of an IOAS, such as an mdev device: it reads and writes memory by IOVA, and pins pages until asked to let go. */
public final class Access extends IommufdObject {
    private final boolean pins;
    private final boolean holdsFile;
    private final UnmapListener listener;
    private @Nullable Ioas ioas;

    Access(Iommufd context, int id, boolean pins, boolean holdsFile, UnmapListener listener) {
        super(context, id);
        this.pins = pins;
        this.holdsFile = holdsFile;
        this.listener = listener;
        hold();
    }

    /** Asked to unpin whatever it has in a range that user space unmaps. */
    @FunctionalInterface
    public interface UnmapListener {
        /** Unpins everything that meets {@code [start, last]}. */
        void unmapping(long start, long last);
    }

    /** Makes an access for an in-kernel driver; it keeps the context's file open. */
    public static Access create(Iommufd context, boolean pins, UnmapListener listener) {
        Access access = new Access(context, context.objects().reserve(), pins, true, listener);
        context.objects().install(access);
        context.holdFile();
        return access;
    }

    @Override
    public ObjectKind kind() {
        return ObjectKind.ACCESS;
    }

    /** Whether it pins pages rather than only reading and writing. */
    public boolean pins() {
        return pins;
    }

    /** Where it is attached, or null. */
    public @Nullable Ioas ioas() {
        return ioas;
    }

    long alignment() {
        return pins ? PAGE_SIZE : 1;
    }

    /** Attaches to its first IOAS: EINVAL when attached, ENOENT for a wrong id, EADDRINUSE when areas are misaligned. */
    public void attach(int ioasId) throws KernelFailure {
        if (ioas != null) {
            throw EINVAL.failure();
        }
        moveTo(context().get(ioasId, Ioas.class));
    }

    /** Moves to another IOAS: ENOENT when not attached or for a wrong id. */
    public void replace(int ioasId) throws KernelFailure {
        if (ioas == null) {
            throw ENOENT.failure();
        }
        moveTo(context().get(ioasId, Ioas.class));
    }

    /** Ends it; everything that it pinned was unpinned by its owner. */
    public void close() {
        leave();
        context().objects().free(id());
        if (holdsFile) {
            context().dropFile();
        }
    }

    void attachTo(Ioas target) throws KernelFailure {
        moveTo(target);
    }

    private void moveTo(Ioas target) throws KernelFailure {
        if (target == ioas) {
            return;
        }
        target.join(this);
        target.hold();
        leave();
        ioas = target;
    }

    private void leave() {
        if (ioas != null) {
            listener.unmapping(0, -1L);
            ioas.leave(this);
            ioas.drop();
            ioas = null;
        }
    }

    void notifyUnmap(long start, long last) {
        listener.unmapping(start, last);
    }

    /** Pins the pages of a range, for writing if asked; with {@code lock} it cannot be unmapped meanwhile. */
    public List<PinnedPage> pin(long iova, long lengthBytes, boolean write, boolean lock) throws KernelFailure {
        List<MappedArea> areas = contiguous(iova, lengthBytes);
        long last = iova + lengthBytes - 1;
        List<PinnedPage> pinned = new ArrayList<>();
        List<MappedArea> done = new ArrayList<>();
        try {
            for (MappedArea area : areas) {
                checkPinnable(area, iova, last, write);
                long first = PageSpan.first(area, iova);
                long length = PageSpan.last(area, last) - first + 1;
                area.pages().pin(area.byteOffsetOf(first), length);
                area.addAccess(1);
                area.addLock(lock ? 1 : 0);
                done.add(area);
                PageSpan.collect(area, first, length, pinned);
            }
            if (areas.getLast().last() != -1L && below(areas.getLast().last(), last)) {
                throw ENOENT.failure();
            }
            return pinned;
        } catch (KernelFailure failure) {
            done.forEach(area -> unpin(area, iova, last, lock));
            throw failure;
        }
    }

    /** Takes back one earlier {@link #pin}. */
    public void unpin(long iova, long lengthBytes, boolean lock) {
        long last = iova + lengthBytes - 1;
        Ioas attached = ioas;
        MappedArea area = attached == null ? null : attached.areaAt(iova);
        while (attached != null && area != null && !below(last, area.start())) {
            unpin(area, iova, last, lock);
            area = attached.space().adjacentTo(area);
        }
    }

    /** Copies between memory and {@code data}; what precedes a failure is done. */
    public void readWrite(long iova, byte[] data, boolean write) throws KernelFailure {
        if (data.length == 0) {
            throw EINVAL.failure();
        }
        if (addOverflows(iova, data.length - 1)) {
            throw EOVERFLOW.failure();
        }
        long last = iova + data.length - 1;
        for (MappedArea area : contiguous(iova, data.length)) {
            if (write ? !area.protection().writable() : !area.protection().readable()) {
                throw EPERM.failure();
            }
            PageSpan.copy(area, iova, last, data, write);
            if (!below(area.last(), last)) {
                return;
            }
        }
        throw ENOENT.failure();
    }

    private static void unpin(MappedArea area, long iova, long last, boolean lock) {
        long first = PageSpan.first(area, iova);
        area.pages().unpin(area.byteOffsetOf(first), PageSpan.last(area, last) - first + 1);
        area.addAccess(-1);
        area.addLock(lock ? -1 : 0);
    }

    /** The areas from an IOVA on without a gap, at most as far as the range reaches; ENOENT when there is none at its start. */
    private List<MappedArea> contiguous(long iova, long lengthBytes) throws KernelFailure {
        if (lengthBytes == 0) {
            throw EINVAL.failure();
        }
        if (addOverflows(iova, lengthBytes - 1)) {
            throw EOVERFLOW.failure();
        }
        Ioas attached = ioas;
        MappedArea area = attached == null ? null : attached.areaAt(iova);
        if (attached == null || area == null) {
            throw ENOENT.failure();
        }
        List<MappedArea> areas = new ArrayList<>();
        long last = iova + lengthBytes - 1;
        while (area != null && !below(last, area.start())) {
            areas.add(area);
            area = attached.space().adjacentTo(area);
        }
        return areas;
    }

    private static void checkPinnable(MappedArea area, long iova, long last, boolean write) throws KernelFailure {
        boolean startAligned = offsetInPage(area.positionOf(PageSpan.first(area, iova))) == 0;
        boolean goesOn = below(area.last(), last);
        boolean endAligned = !goesOn || offsetInPage(area.positionOf(area.last()) + 1) == 0;
        if (!startAligned || !endAligned) {
            throw EINVAL.failure();
        }
        if (write ? !area.protection().writable() : !area.protection().readable()) {
            throw EPERM.failure();
        }
    }

    @Override
    void destroy() {
        throw new IllegalStateException("an access is held by its driver");
    }
}
