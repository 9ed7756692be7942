package io.viommufleet.agent.vmm;

import io.viommufleet.agent.vmm.ShadowTable.Piece;
import io.viommufleet.common.model.GuestStep;
import java.util.ArrayList;
import java.util.List;

/** Cuts what a guest maps into the pieces by which its vIOMMU tells VFIO. */
enum GuestPages {
    /** One for each leaf of an x86 table: 4 KiB, 2 MiB or 1 GiB, aligned at both ends (QEMU vtd_page_walk, amdvi_sync_shadow). */
    LEAVES {
        @Override
        long largest(long iova, long address, long left) {
            for (long size : new long[] {1L << 30, 1L << 21}) {
                if (((iova | address) & (size - 1)) == 0 && left >= size) {
                    return size;
                }
            }
            return Math.min(PAGE_BYTES, left);
        }
    },
    /** One for each naturally aligned power of two of IOVAs (QEMU virtio_iommu_notify_map, dma_aligned_pow2_mask). */
    POWERS_OF_TWO {
        @Override
        long largest(long iova, long address, long left) {
            long aligned = iova == 0 ? Long.MIN_VALUE : Long.lowestOneBit(iova);
            long fits = Long.highestOneBit(left);
            return aligned < 0 ? fits : Math.min(aligned, fits);
        }
    };

    private static final long PAGE_BYTES = 4096;

    /** The size of the next piece. */
    abstract long largest(long iova, long address, long left);

    /** The pieces of a mapping in ascending order. */
    List<Piece> of(GuestStep.Map map) {
        List<Piece> pieces = new ArrayList<>();
        long done = 0;
        while (done < map.range().lengthBytes()) {
            long iova = map.range().start() + done;
            long address = map.address() + done;
            long size = largest(iova, address, map.range().lengthBytes() - done);
            pieces.add(new Piece(iova, size, address, map.writable()));
            done += size;
        }
        return pieces;
    }
}
