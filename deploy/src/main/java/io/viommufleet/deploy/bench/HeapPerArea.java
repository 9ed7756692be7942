package io.viommufleet.deploy.bench;

import io.viommufleet.agent.iommufd.ObjectSnapshot;

/** How much heap an area takes: used heap after a collection, with and without the areas. */
final class HeapPerArea {
    private static final int COLLECTIONS = 3;

    private HeapPerArea() {}

    /** Bytes for each of {@code areas} areas of one page that were mapped in random order, index included. */
    static double measure(int areas) {
        long[] pages = PagePool.others(areas);
        EmulatedVm vm = new EmulatedVm();
        long before = usedBytes();
        for (long page : pages) {
            vm.map(page, MapUnmap.PAGE_BYTES);
        }
        long after = usedBytes();
        // Asked only now, so that neither the areas nor the order of pages can be collected before.
        int mapped = vm.iommufd().snapshot().ioases().stream()
                .mapToInt(ObjectSnapshot.Space::areas)
                .sum();
        if (mapped != pages.length) {
            throw new IllegalStateException("%d areas of %d are mapped".formatted(mapped, pages.length));
        }
        return (after - before) / (double) mapped;
    }

    private static long usedBytes() {
        for (int collection = 0; collection < COLLECTIONS; collection++) {
            System.gc();
        }
        Runtime runtime = Runtime.getRuntime();
        return runtime.totalMemory() - runtime.freeMemory();
    }
}
