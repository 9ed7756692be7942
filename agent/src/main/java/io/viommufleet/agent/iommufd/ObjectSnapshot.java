package io.viommufleet.agent.iommufd;

import java.util.List;

/**
 * The object table at one moment, for comparing before with after.
 *
 * @param objects in ascending order of id
 * @param tombstones ids that stay unusable
 * @param ioases what the address spaces hold, in ascending order of id
 */
public record ObjectSnapshot(List<Entry> objects, List<Integer> tombstones, List<Space> ioases) {
    /**
     * One object.
     *
     * @param id of the object
     * @param kind of the object
     * @param users references, the table's included
     */
    public record Entry(int id, ObjectKind kind, int users) {}

    /**
     * One IOAS.
     *
     * @param id of the IOAS
     * @param areas mapped
     * @param reservations by domains and devices
     * @param alignment in bytes
     */
    public record Space(int id, int areas, int reservations, long alignment) {}

    /** How many objects of a kind there are. */
    public long count(ObjectKind kind) {
        return objects.stream().filter(entry -> entry.kind() == kind).count();
    }
}
