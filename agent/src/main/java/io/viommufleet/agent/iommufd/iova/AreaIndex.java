package io.viommufleet.agent.iommufd.iova;

import java.util.Arrays;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Areas ordered by their first IOVA: a directory of leaves, each a sorted array. A lookup is two binary searches over primitive keys, which touch far
 * fewer cache lines than the nodes of a balanced tree, and an area costs some 17 bytes of index instead of a tree's 40.
 *
 * <p>Keys are IOVAs with the top bit inverted, so that the signed order of Java is the unsigned order of addresses.
 */
final class AreaIndex<A extends Area> {
    private static final int LEAF_CAPACITY = 128;
    private static final int LEAF_SMALL = LEAF_CAPACITY / 4;

    private long[] firstKeys = new long[4];
    private Leaf[] leaves = new Leaf[4];
    private int leafCount;
    private int size;

    /** How many areas there are. */
    int size() {
        return size;
    }

    /** The area with the greatest start at or below {@code iova}, or null. */
    @Nullable
    A floor(long iova) {
        long key = key(iova);
        int leafIndex = leafOf(key);
        if (leafIndex < 0) {
            return null;
        }
        Leaf leaf = leaves[leafIndex];
        return area(leaf, leaf.floor(key));
    }

    /** The area with the smallest start at or above {@code iova}, or null. */
    @Nullable
    A ceiling(long iova) {
        long key = key(iova);
        int leafIndex = Math.max(leafOf(key), 0);
        if (leafIndex >= leafCount) {
            return null;
        }
        Leaf leaf = leaves[leafIndex];
        int slot = leaf.floor(key);
        if (slot >= 0 && leaf.keys[slot] == key) {
            return area(leaf, slot);
        }
        if (slot + 1 < leaf.count) {
            return area(leaf, slot + 1);
        }
        return leafIndex + 1 < leafCount ? area(leaves[leafIndex + 1], 0) : null;
    }

    /** The first area that shares an address with {@code [start, last]}, or null. */
    @Nullable
    A overlapping(long start, long last) {
        A before = floor(start);
        if (before != null && Long.compareUnsigned(before.last(), start) >= 0) {
            return before;
        }
        A after = ceiling(start);
        return after != null && Long.compareUnsigned(after.start(), last) <= 0 ? after : null;
    }

    /** Adds an area whose start no other has. */
    void insert(A area) {
        long key = key(area.start());
        int leafIndex = Math.max(leafOf(key), 0);
        if (leafCount == 0) {
            insertLeaf(0, new Leaf());
        }
        Leaf leaf = leaves[leafIndex];
        if (leaf.count == LEAF_CAPACITY) {
            insertLeaf(leafIndex + 1, leaf.split());
            if (key >= firstKeys[leafIndex + 1]) {
                leafIndex++;
                leaf = leaves[leafIndex];
            }
        }
        leaf.insert(leaf.floor(key) + 1, key, area);
        firstKeys[leafIndex] = leaf.keys[0];
        size++;
    }

    /** Removes the area; it must be there. */
    void remove(A area) {
        long key = key(area.start());
        int leafIndex = leafOf(key);
        Leaf leaf = leaves[leafIndex];
        leaf.remove(leaf.floor(key));
        size--;
        if (leaf.count == 0) {
            removeLeaf(leafIndex);
        } else {
            firstKeys[leafIndex] = leaf.keys[0];
            if (leaf.count < LEAF_SMALL) {
                mergeWithNext(leaf.count < LEAF_SMALL && leafIndex + 1 < leafCount ? leafIndex : leafIndex - 1);
            }
        }
    }

    /** Visits every area in ascending order. */
    void forEach(Consumer<? super A> visitor) {
        for (int leafIndex = 0; leafIndex < leafCount; leafIndex++) {
            Leaf leaf = leaves[leafIndex];
            for (int slot = 0; slot < leaf.count; slot++) {
                A area = area(leaf, slot);
                if (area != null) {
                    visitor.accept(area);
                }
            }
        }
    }

    private void mergeWithNext(int leafIndex) {
        if (leafIndex < 0 || leafIndex + 1 >= leafCount) {
            return;
        }
        Leaf left = leaves[leafIndex];
        Leaf right = leaves[leafIndex + 1];
        if (left.count + right.count <= LEAF_CAPACITY - LEAF_SMALL) {
            left.append(right);
            removeLeaf(leafIndex + 1);
        }
    }

    private void insertLeaf(int at, Leaf leaf) {
        if (leafCount == leaves.length) {
            firstKeys = Arrays.copyOf(firstKeys, leafCount * 2);
            leaves = Arrays.copyOf(leaves, leafCount * 2);
        }
        System.arraycopy(firstKeys, at, firstKeys, at + 1, leafCount - at);
        System.arraycopy(leaves, at, leaves, at + 1, leafCount - at);
        firstKeys[at] = leaf.keys[0];
        leaves[at] = leaf;
        leafCount++;
    }

    private void removeLeaf(int at) {
        leafCount--;
        System.arraycopy(firstKeys, at + 1, firstKeys, at, leafCount - at);
        System.arraycopy(leaves, at + 1, leaves, at, leafCount - at);
        Arrays.fill(leaves, leafCount, leafCount + 1, null);
    }

    /** Index of the leaf whose keys may include {@code key}: the last that begins at or below it, or -1. */
    private int leafOf(long key) {
        return floor(firstKeys, leafCount, key);
    }

    @SuppressWarnings("unchecked") // only areas of type A are ever inserted
    private @Nullable A area(Leaf leaf, int slot) {
        return slot < 0 ? null : (A) leaf.areas[slot];
    }

    private static long key(long iova) {
        return iova ^ Long.MIN_VALUE;
    }

    private static int floor(long[] keys, int count, long key) {
        int low = 0;
        int high = count - 1;
        while (low <= high) {
            int middle = (low + high) >>> 1;
            if (keys[middle] <= key) {
                low = middle + 1;
            } else {
                high = middle - 1;
            }
        }
        return high;
    }

    private static final class Leaf {
        private final long[] keys = new long[LEAF_CAPACITY];
        private final @Nullable Area[] areas = new @Nullable Area[LEAF_CAPACITY];
        private int count;

        int floor(long key) {
            return AreaIndex.floor(keys, count, key);
        }

        void insert(int slot, long key, Area area) {
            System.arraycopy(keys, slot, keys, slot + 1, count - slot);
            System.arraycopy(areas, slot, areas, slot + 1, count - slot);
            keys[slot] = key;
            areas[slot] = area;
            count++;
        }

        void remove(int slot) {
            count--;
            System.arraycopy(keys, slot + 1, keys, slot, count - slot);
            System.arraycopy(areas, slot + 1, areas, slot, count - slot);
            areas[count] = null;
        }

        Leaf split() {
            Leaf upper = new Leaf();
            int half = count / 2;
            upper.count = count - half;
            System.arraycopy(keys, half, upper.keys, 0, upper.count);
            System.arraycopy(areas, half, upper.areas, 0, upper.count);
            Arrays.fill(areas, half, count, null);
            count = half;
            return upper;
        }

        void append(Leaf right) {
            System.arraycopy(right.keys, 0, keys, count, right.count);
            System.arraycopy(right.areas, 0, areas, count, right.count);
            count += right.count;
        }
    }
}
