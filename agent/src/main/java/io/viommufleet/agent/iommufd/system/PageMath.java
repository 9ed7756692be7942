package io.viommufleet.agent.iommufd.system;

/** Arithmetic on pages of 4 KiB and on unsigned 64-bit addresses. */
public final class PageMath {
    /** Bytes of a processor page. */
    public static final int PAGE_SIZE = 4096;

    /** log2 of {@link #PAGE_SIZE}. */
    public static final int PAGE_SHIFT = 12;

    /** Bytes of a transparent huge page. */
    public static final long HUGE_PAGE_SIZE = 2L << 20;

    private PageMath() {}

    /** The start of the page that holds {@code address}. */
    public static long pageOf(long address) {
        return address & -PAGE_SIZE;
    }

    /** The distance of {@code address} from the start of its page. */
    public static int offsetInPage(long address) {
        return (int) (address & (PAGE_SIZE - 1));
    }

    /** Whether {@code first + second} exceeds 64 bits. */
    public static boolean addOverflows(long first, long second) {
        return Long.compareUnsigned(first + second, first) < 0;
    }

    /** Whether {@code first} is below {@code second}, unsigned. */
    public static boolean below(long first, long second) {
        return Long.compareUnsigned(first, second) < 0;
    }

    /** The smaller, unsigned. */
    public static long min(long first, long second) {
        return below(first, second) ? first : second;
    }

    /** The larger, unsigned. */
    public static long max(long first, long second) {
        return below(first, second) ? second : first;
    }
}
