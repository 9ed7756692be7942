package io.viommufleet.agent.iommufd.system;

import static io.viommufleet.agent.iommufd.system.PageMath.PAGE_SHIFT;
import static io.viommufleet.agent.iommufd.system.PageMath.PAGE_SIZE;
import static io.viommufleet.agent.iommufd.system.PageMath.offsetInPage;

import java.util.HashMap;
import java.util.Map;

/**
 * Memory that can be mapped into address spaces: anonymous memory, a memfd or a hugetlb file. Its pages begin as zeroes and take room only once
 * written, so that a guest's whole RAM costs nothing.
 */
public final class MemoryObject {
    private final long pageClusterBytes;
    private final Map<Long, byte[]> pages = new HashMap<>();
    private long sizeBytes;

    private MemoryObject(long sizeBytes, long pageClusterBytes) {
        this.sizeBytes = sizeBytes;
        this.pageClusterBytes = pageClusterBytes;
    }

    /** Memory of single pages: neighbours are not taken to be physically adjacent. */
    public static MemoryObject ofPages(long sizeBytes) {
        return new MemoryObject(sizeBytes, PAGE_SIZE);
    }

    /** Memory of 2 MiB pages, each physically contiguous. */
    public static MemoryObject ofHugePages(long sizeBytes) {
        return new MemoryObject(sizeBytes, PageMath.HUGE_PAGE_SIZE);
    }

    /** Length in bytes; a file's may end within a page. */
    public long sizeBytes() {
        return sizeBytes;
    }

    /** Cuts or extends a file, as ftruncate does. Pages beyond the new end lose their contents. */
    public void resize(long newSizeBytes) {
        sizeBytes = newSizeBytes;
        pages.keySet().removeIf(page -> page << PAGE_SHIFT >= newSizeBytes);
    }

    /** Size of the aligned pieces whose pages are physically contiguous. */
    public long contiguousBytes() {
        return pageClusterBytes;
    }

    /** Copies {@code length} bytes at {@code offset} into {@code target}. */
    public void read(long offset, byte[] target, int targetOffset, int length) {
        for (int done = 0; done < length; ) {
            int within = offsetInPage(offset + done);
            int piece = Math.min(length - done, PAGE_SIZE - within);
            byte[] page = pages.get((offset + done) >>> PAGE_SHIFT);
            if (page == null) {
                java.util.Arrays.fill(target, targetOffset + done, targetOffset + done + piece, (byte) 0);
            } else {
                System.arraycopy(page, within, target, targetOffset + done, piece);
            }
            done += piece;
        }
    }

    /** Copies {@code length} bytes of {@code source} to {@code offset}. */
    public void write(long offset, byte[] source, int sourceOffset, int length) {
        for (int done = 0; done < length; ) {
            int within = offsetInPage(offset + done);
            int piece = Math.min(length - done, PAGE_SIZE - within);
            byte[] page = pages.computeIfAbsent((offset + done) >>> PAGE_SHIFT, index -> new byte[PAGE_SIZE]);
            System.arraycopy(source, sourceOffset + done, page, within, piece);
            done += piece;
        }
    }
}
