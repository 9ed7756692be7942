package io.viommufleet.agent.vmm;

import io.viommufleet.common.model.GuestStep.IovaSpan;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * What the guest has mapped in one of its address spaces: pieces, each of which the VMM maps by a call of its own.
 *
 * @param pieces by first IOVA, unsigned
 */
record ShadowTable(TreeMap<Long, Piece> pieces) {
    /**
     * A contiguous piece.
     *
     * @param iova first IOVA
     * @param lengthBytes positive
     * @param address guest-physical address of the first byte
     * @param writable whether the device may write
     */
    record Piece(long iova, long lengthBytes, long address, boolean writable) {
        long last() {
            return iova + lengthBytes - 1;
        }
    }

    static ShadowTable empty() {
        return new ShadowTable(new TreeMap<>(Long::compareUnsigned));
    }

    /** With more pieces; those that are there must not be in the way. */
    ShadowTable with(List<Piece> more) throws GuestFailure {
        ShadowTable next = copy();
        for (Piece piece : more) {
            Map.Entry<Long, Piece> below = next.pieces.floorEntry(piece.last());
            if (below != null && Long.compareUnsigned(below.getValue().last(), piece.iova()) >= 0) {
                throw GuestFailure.refused(
                        "0x%x is mapped already".formatted(below.getValue().iova()));
            }
            next.pieces.put(piece.iova(), piece);
        }
        return next;
    }

    /** The pieces in a range; one that reaches beyond it is refused (VIRTIO_IOMMU_S_RANGE). */
    List<Piece> in(IovaSpan span) throws GuestFailure {
        List<Piece> found = new ArrayList<>();
        for (Piece piece : pieces.values()) {
            boolean apart = Long.compareUnsigned(piece.last(), span.start()) < 0
                    || Long.compareUnsigned(piece.iova(), span.last()) > 0;
            boolean inside = Long.compareUnsigned(piece.iova(), span.start()) >= 0
                    && Long.compareUnsigned(piece.last(), span.last()) <= 0;
            if (!apart && !inside) {
                throw GuestFailure.refused(
                        "the range cuts the mapping of 0x%x to 0x%x in two".formatted(piece.iova(), piece.last()));
            }
            if (inside) {
                found.add(piece);
            }
        }
        return found;
    }

    ShadowTable without(List<Piece> gone) {
        ShadowTable next = copy();
        gone.forEach(piece -> next.pieces.remove(piece.iova()));
        return next;
    }

    private ShadowTable copy() {
        return new ShadowTable(new TreeMap<>(pieces));
    }
}
