package io.viommufleet.agent.iommufd;

import static io.viommufleet.agent.iommufd.system.Errno.EBUSY;
import static io.viommufleet.agent.iommufd.system.Errno.ENOENT;

import io.viommufleet.agent.iommufd.system.KernelFailure;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The ids of a context: one space for all kinds, the lowest free id at or above 1 first, at once reused. An id that is reserved for an object in the
 * making, or that a vdevice left as a tombstone, looks absent but is not given out.
 */
final class ObjectTable {
    private static final Object RESERVED = new Object();
    private static final Object TOMBSTONE = new Object();

    private final List<@Nullable Object> slots = new ArrayList<>();
    private int lowestFree = 1;
    private int taken;

    ObjectTable() {
        slots.add(null);
    }

    /** Takes the lowest free id; it stays invisible until {@link #install}. */
    int reserve() {
        int id = lowestFree;
        while (id < slots.size() && slots.get(id) != null) {
            id++;
        }
        if (id == slots.size()) {
            slots.add(RESERVED);
        } else {
            slots.set(id, RESERVED);
        }
        lowestFree = id + 1;
        taken++;
        return id;
    }

    /** Makes a reserved id stand for its object. */
    void install(IommufdObject object) {
        slots.set(object.id(), object);
    }

    /** Frees an id. */
    void free(int id) {
        slots.set(id, null);
        lowestFree = Math.min(lowestFree, id);
        taken--;
    }

    /** Makes an id unusable until the context is gone. */
    void bury(int id) {
        slots.set(id, TOMBSTONE);
    }

    /** The object of an id, or null. */
    @Nullable
    IommufdObject find(int id) {
        boolean inTable = id > 0 && id < slots.size();
        return inTable && slots.get(id) instanceof IommufdObject object ? object : null;
    }

    /** The object of an id as {@code type}; ENOENT when absent or of another type. */
    <T extends IommufdObject> T get(int id, Class<T> type) throws KernelFailure {
        IommufdObject object = find(id);
        if (!type.isInstance(object)) {
            throw ENOENT.failure();
        }
        return type.cast(object);
    }

    /** Removes an object that nobody but the table holds: ENOENT when absent, EBUSY when held. */
    void destroy(int id) throws KernelFailure {
        IommufdObject object = get(id, IommufdObject.class);
        if (object.users() != 1) {
            throw EBUSY.failure();
        }
        object.destroy();
        free(id);
    }

    /** Whether no id is taken, reserved or buried. */
    boolean isEmpty() {
        return taken == 0;
    }

    /** The objects in ascending order of id. */
    List<IommufdObject> objects() {
        List<IommufdObject> objects = new ArrayList<>();
        for (Object slot : slots) {
            if (slot instanceof IommufdObject object) {
                objects.add(object);
            }
        }
        return objects;
    }

    /** The ids that are tombstones. */
    List<Integer> tombstones() {
        List<Integer> ids = new ArrayList<>();
        for (int id = 1; id < slots.size(); id++) {
            if (slots.get(id) == TOMBSTONE) {
                ids.add(id);
            }
        }
        return ids;
    }
}
