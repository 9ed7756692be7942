package io.viommufleet.agent.conformance;

import java.util.BitSet;

/**
 * Whether two dirty bitmaps differ only by the sizes of page-table entries. An entry is an aligned power of two of IOVAs, and one that is dirty shows all
 * its bits; how large it is follows the contiguity of memory, which a trace does not tell.
 *
 * @param iova of the first bit
 * @param lengthBytes of the range that the bitmaps are of
 * @param pageSizeBytes of a bit
 * @param largestBytes that an entry can be
 */
record DirtyEntries(long iova, long lengthBytes, long pageSizeBytes, long largestBytes) {
    /** Whether what either bitmap shows more than the other are the rest of entries that both show as dirty. */
    boolean explain(BitSet one, BitSet other) {
        return explained(one, other) && explained(other, one);
    }

    private boolean explained(BitSet larger, BitSet smaller) {
        BitSet surplus = (BitSet) larger.clone();
        surplus.andNot(smaller);
        return surplus.stream().allMatch(bit -> isRestOfAnEntry(bit, larger, smaller));
    }

    /** Whether some entry around a bit is dirty as a whole in one bitmap, as far as the range shows it, and in part in the other. */
    private boolean isRestOfAnEntry(int bit, BitSet larger, BitSet smaller) {
        long at = iova + bit * pageSizeBytes;
        for (long size = 2 * pageSizeBytes; size <= largestBytes; size *= 2) {
            int first = bitOf(Math.max(at & -size, iova));
            int end = bitOf(Math.min((at & -size) + size, iova + lengthBytes));
            int dirty = smaller.nextSetBit(first);
            if (larger.nextClearBit(first) >= end && dirty >= 0 && dirty < end) {
                return true;
            }
        }
        return false;
    }

    private int bitOf(long address) {
        return (int) ((address - iova) / pageSizeBytes);
    }
}
