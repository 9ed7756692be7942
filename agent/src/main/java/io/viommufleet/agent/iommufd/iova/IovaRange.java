package io.viommufleet.agent.iommufd.iova;

/**
 * A range of I/O virtual addresses, unsigned 64-bit, both ends included.
 *
 * @param start lowest address
 * @param last highest address
 */
public record IovaRange(long start, long last) {
    /** Every IOVA there is. */
    public static final IovaRange ALL = new IovaRange(0, -1L);

    /** Refuses a reversed range. */
    public IovaRange {
        if (Long.compareUnsigned(start, last) > 0) {
            throw new IllegalArgumentException("IOVA range is reversed: start=0x%x last=0x%x".formatted(start, last));
        }
    }

    /** Whether the two share an address. */
    public boolean overlaps(long otherStart, long otherLast) {
        return Long.compareUnsigned(start, otherLast) <= 0 && Long.compareUnsigned(otherStart, last) <= 0;
    }

    @Override
    public String toString() {
        return "[0x%x, 0x%x]".formatted(start, last);
    }
}
