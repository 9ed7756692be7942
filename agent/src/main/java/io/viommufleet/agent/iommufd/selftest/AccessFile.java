package io.viommufleet.agent.iommufd.selftest;

import static io.viommufleet.agent.iommufd.system.Errno.EBADFD;
import static io.viommufleet.agent.iommufd.system.Errno.ENOENT;

import io.viommufleet.agent.iommufd.Access;
import io.viommufleet.agent.iommufd.Iommufd;
import io.viommufleet.agent.iommufd.PinnedPage;
import io.viommufleet.agent.iommufd.system.KernelFailure;
import io.viommufleet.agent.iommufd.system.OpenFile;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;

/** The file of an access that the test module made, with what it has pinned. */
final class AccessFile implements OpenFile {
    private final Access access;
    private final TreeMap<Integer, Item> items = new TreeMap<>();
    private int nextItem;

    private AccessFile(Iommufd context, boolean pins) {
        this.access = Access.create(context, pins, this::unmapping);
    }

    /** One pinned range. */
    private record Item(long iova, long lengthBytes) {
        boolean overlaps(long start, long last) {
            long itemLast = iova + lengthBytes - 1;
            return Long.compareUnsigned(iova, last) <= 0 && Long.compareUnsigned(start, itemLast) <= 0;
        }
    }

    /** Makes an access on an IOAS: ENOENT for a wrong id. */
    static AccessFile create(Iommufd context, int ioasId, boolean pins) throws KernelFailure {
        AccessFile file = new AccessFile(context, pins);
        try {
            file.access.attach(ioasId);
            return file;
        } catch (KernelFailure failure) {
            file.access.close();
            throw failure;
        }
    }

    /** The file behind a descriptor; EBADFD when it is of another kind, or none. */
    static AccessFile of(Iommufd context, int fd) throws KernelFailure {
        if (!(context.currentProcess().files().get(fd) instanceof AccessFile file)) {
            throw EBADFD.failure();
        }
        return file;
    }

    Access access() {
        return access;
    }

    List<PinnedPage> pin(long iova, long lengthBytes, boolean write) throws KernelFailure {
        return access.pin(iova, lengthBytes, write, false);
    }

    int remember(long iova, long lengthBytes) {
        items.put(nextItem, new Item(iova, lengthBytes));
        return nextItem++;
    }

    void unpin(int item) throws KernelFailure {
        Item pinned = items.remove(item);
        if (pinned == null) {
            throw ENOENT.failure();
        }
        access.unpin(pinned.iova(), pinned.lengthBytes(), false);
    }

    private void unmapping(long start, long last) {
        for (int item : new ArrayList<>(items.keySet())) {
            Item pinned = items.get(item);
            if (pinned != null && pinned.overlaps(start, last)) {
                items.remove(item);
                access.unpin(pinned.iova(), pinned.lengthBytes(), false);
            }
        }
    }

    @Override
    public void release() {
        unmapping(0, -1L);
        access.close();
    }
}
