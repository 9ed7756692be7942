package io.viommufleet.agent.iommufd.iova;

/** A mapped stretch of an IOVA space; it is mapped and unmapped as a whole. */
public abstract class Area {
    private final long start;
    private final long last;

    /** An area from {@code start} to {@code last}, both included. */
    protected Area(long start, long last) {
        this.start = start;
        this.last = last;
    }

    /** First IOVA. */
    public final long start() {
        return start;
    }

    /** Last IOVA. */
    public final long last() {
        return last;
    }

    /** Bytes covered; 0 stands for 2^64. */
    public final long lengthBytes() {
        return last - start + 1;
    }

    /** Where the area begins within its first page of memory, in bytes. */
    public abstract int pageOffset();
}
