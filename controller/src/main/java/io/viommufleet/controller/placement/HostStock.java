package io.viommufleet.controller.placement;

import java.util.BitSet;

/**
 * What a host has left, in short: hosts of one layout and one stock differ only in which of several alike devices are left, and
 * in memory.
 *
 * @param used devices in use
 * @param free how many devices of each class of alike ones are left: four bits each for the first sixteen classes, where 15 means
 *     15 or more
 * @param quarantine whether any group is quarantined
 */
record HostStock(int used, long free, boolean quarantine) {
    private static final int BITS_PER_COUNT = 4;
    private static final int MANY = 15;
    private static final int COUNTED_CLASSES = Long.SIZE / BITS_PER_COUNT;

    static HostStock of(HostLayout layout, int used, BitSet blocked, boolean quarantine) {
        int[] counts = new int[layout.alikeCount()];
        for (int slot = 0; slot < layout.size(); slot++) {
            if (!blocked.get(slot)) {
                counts[layout.alike(slot)]++;
            }
        }
        long free = 0;
        for (int index = 0; index < Math.min(counts.length, COUNTED_CLASSES); index++) {
            free |= (long) Math.min(counts[index], MANY) << (index * BITS_PER_COUNT);
        }
        return new HostStock(used, free, quarantine);
    }

    /** Whether as many devices can be left among the given classes of alike ones; false is certain. */
    boolean mayHave(int wanted, BitSet classes) {
        int sum = 0;
        for (int index = classes.nextSetBit(0); index >= 0; index = classes.nextSetBit(index + 1)) {
            int count = index < COUNTED_CLASSES ? (int) ((free >>> (index * BITS_PER_COUNT)) & MANY) : MANY;
            if (count == MANY) {
                return true;
            }
            sum += count;
        }
        return sum >= wanted;
    }
}
