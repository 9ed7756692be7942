package io.viommufleet.agent.iommufd.iova;

import java.util.Arrays;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Areas ordered by their first IOVA: a directory of leaves, each a sorted array. A search is two binary searches over primitive keys, which touch far
 * fewer cache lines than the nodes of a balanced tree, and an area costs some 17 bytes of index instead of a tree's 40.
 *
 * <p>A finger stays where the last search ended, so that the steps of one call (is it free, insert; find, remove, is there more) search once.
 *
 * <p>Keys are IOVAs with the top bit inverted, so that the signed order of Java is the unsigned order of addresses.
 */
final class AreaIndex<A extends Area> {
    private static final int LEAF_SMALL = Leaf.CAPACITY / 4;

    private long[] firstKeys = new long[4];
    private Leaf[] leaves = new Leaf[4];
    private int leafCount;
    private int size;
    /** The finger: the last leaf that begins at or below the key sought last, else the first leaf. */
    private int leafIndex;
    /** The finger: the last area of that leaf at or below the key, or -1. */
    private int slot = -1;

    /** How many areas there are. */
    int size() {
        return size;
    }

    /** The area with the greatest start at or below {@code iova}, or null. */
    @Nullable
    A floor(long iova) {
        seek(key(iova));
        return slot < 0 ? null : area(leaves[leafIndex], slot);
    }

    /** The area with the smallest start at or above {@code iova}, or null. */
    @Nullable
    A ceiling(long iova) {
        long key = key(iova);
        seek(key);
        return slot >= 0 && leaves[leafIndex].keys[slot] == key ? area(leaves[leafIndex], slot) : next();
    }

    /** The first area that shares an address with {@code [start, last]}, or null. */
    @Nullable
    A overlapping(long start, long last) {
        A before = floor(start);
        if (before != null && Long.compareUnsigned(before.last(), start) >= 0) {
            return before;
        }
        return nextKeyExceeds(key(last)) ? null : next();
    }

    /** Adds an area whose start no other has. */
    void insert(A area) {
        long key = key(area.start());
        if (leafCount == 0) {
            insertLeaf(0, new Leaf(), key);
        }
        seek(key);
        if (leaves[leafIndex].count == Leaf.CAPACITY) {
            makeRoom(key);
        }
        leaves[leafIndex].insert(++slot, key, area);
        firstKeys[leafIndex] = leaves[leafIndex].keys[0];
        size++;
    }

    /** Removes the area; it must be there. */
    void remove(A area) {
        seek(key(area.start()));
        Leaf leaf = leaves[leafIndex];
        leaf.remove(slot--);
        size--;
        if (leaf.count == 0) {
            removeLeaf(leafIndex);
            liftFinger();
            return;
        }
        firstKeys[leafIndex] = leaf.keys[0];
        if (leaf.count < LEAF_SMALL) {
            mergeWithNext(leafIndex + 1 < leafCount ? leafIndex : leafIndex - 1);
        }
    }

    /** Visits every area in ascending order. */
    void forEach(Consumer<? super A> visitor) {
        for (int visited = 0; visited < leafCount; visited++) {
            Leaf leaf = leaves[visited];
            for (int at = 0; at < leaf.count; at++) {
                visitor.accept(area(leaf, at));
            }
        }
    }

    /** Puts the finger on the last area at or below a key. */
    private void seek(long key) {
        if (!fingerIsAt(key)) {
            leafIndex = Math.max(floor(firstKeys, leafCount, key), 0);
            slot = leafCount == 0 ? -1 : floor(leaves[leafIndex].keys, leaves[leafIndex].count, key);
        }
    }

    private boolean fingerIsAt(long key) {
        return slot >= 0 && leaves[leafIndex].keys[slot] <= key && nextKeyExceeds(key);
    }

    private void liftFinger() {
        leafIndex = 0;
        slot = -1;
    }

    /** Whether every area behind the finger begins above a key. */
    private boolean nextKeyExceeds(long key) {
        if (leafIndex < leafCount && slot + 1 < leaves[leafIndex].count) {
            return leaves[leafIndex].keys[slot + 1] > key;
        }
        return leafIndex + 1 >= leafCount || firstKeys[leafIndex + 1] > key;
    }

    /** The area behind the finger, or null. */
    private @Nullable A next() {
        if (leafIndex < leafCount && slot + 1 < leaves[leafIndex].count) {
            return area(leaves[leafIndex], slot + 1);
        }
        return leafIndex + 1 < leafCount ? area(leaves[leafIndex + 1], 0) : null;
    }

    /** Makes room in the full leaf of the finger: behind the very last area a new leaf, so that ascending insertion fills leaves; else two halves. */
    private void makeRoom(long key) {
        boolean atTheEnd = leafIndex + 1 == leafCount && slot + 1 == Leaf.CAPACITY;
        Leaf upper = atTheEnd ? new Leaf() : leaves[leafIndex].split();
        insertLeaf(leafIndex + 1, upper, atTheEnd ? key : upper.keys[0]);
        if (key >= firstKeys[leafIndex + 1]) {
            slot -= leaves[leafIndex].count;
            leafIndex++;
        }
    }

    private void mergeWithNext(int left) {
        if (left < 0 || left + 1 >= leafCount) {
            return;
        }
        Leaf right = leaves[left + 1];
        if (leaves[left].count + right.count <= Leaf.CAPACITY - LEAF_SMALL) {
            leaves[left].append(right);
            removeLeaf(left + 1);
            liftFinger();
        }
    }

    private void insertLeaf(int at, Leaf leaf, long firstKey) {
        if (leafCount == leaves.length) {
            firstKeys = Arrays.copyOf(firstKeys, leafCount * 2);
            leaves = Arrays.copyOf(leaves, leafCount * 2);
        }
        System.arraycopy(firstKeys, at, firstKeys, at + 1, leafCount - at);
        System.arraycopy(leaves, at, leaves, at + 1, leafCount - at);
        firstKeys[at] = firstKey;
        leaves[at] = leaf;
        leafCount++;
    }

    private void removeLeaf(int at) {
        leafCount--;
        System.arraycopy(firstKeys, at + 1, firstKeys, at, leafCount - at);
        System.arraycopy(leaves, at + 1, leaves, at, leafCount - at);
        Arrays.fill(leaves, leafCount, leafCount + 1, null);
    }

    @SuppressWarnings({"unchecked", "NullAway"
    }) // only areas of type A are ever inserted, and slots below a leaf's count are filled
    private A area(Leaf leaf, int at) {
        return (A) leaf.areas[at];
    }

    private static long key(long iova) {
        return iova ^ Long.MIN_VALUE;
    }

    /** Index of the last key at or below {@code key}, or -1. The loop has one exit, by count: no branch depends on the keys. */
    private static int floor(long[] keys, int count, long key) {
        if (count == 0 || keys[0] > key) {
            return -1;
        }
        int base = 0;
        for (int rest = count; rest > 1; ) {
            int half = rest >>> 1;
            base = keys[base + half] <= key ? base + half : base;
            rest -= half;
        }
        return base;
    }

    private static final class Leaf {
        private static final int CAPACITY = 128;

        private final long[] keys = new long[CAPACITY];
        private final @Nullable Area[] areas = new @Nullable Area[CAPACITY];
        private int count;

        void insert(int at, long key, Area area) {
            System.arraycopy(keys, at, keys, at + 1, count - at);
            System.arraycopy(areas, at, areas, at + 1, count - at);
            keys[at] = key;
            areas[at] = area;
            count++;
        }

        void remove(int at) {
            count--;
            System.arraycopy(keys, at + 1, keys, at, count - at);
            System.arraycopy(areas, at + 1, areas, at, count - at);
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
