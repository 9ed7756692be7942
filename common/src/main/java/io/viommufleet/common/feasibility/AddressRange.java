package io.viommufleet.common.feasibility;

import java.util.ArrayList;
import java.util.List;

/**
 * A range of bus addresses, unsigned 64-bit, both ends included.
 *
 * @param first lowest address
 * @param last highest address
 */
public record AddressRange(long first, long last) {
    /** Refuses a reversed range. */
    public AddressRange {
        if (Long.compareUnsigned(first, last) > 0) {
            throw new IllegalArgumentException(
                    "address range is reversed: first=0x%x last=0x%x".formatted(first, last));
        }
    }

    /**
     * Addresses of {@code bits} bits, from zero.
     *
     * @param bits 1 to 64
     */
    public static AddressRange ofBits(int bits) {
        if (bits < 1 || bits > Long.SIZE) {
            throw new IllegalArgumentException("an address has 1 to 64 bits, not " + bits);
        }
        return new AddressRange(0, -1L >>> (Long.SIZE - bits));
    }

    /** Whether {@code address} lies inside. */
    public boolean contains(long address) {
        return Long.compareUnsigned(first, address) <= 0 && Long.compareUnsigned(address, last) <= 0;
    }

    /** Whether the two ranges share an address. */
    public boolean overlaps(AddressRange other) {
        return Long.compareUnsigned(first, other.last) <= 0 && Long.compareUnsigned(other.first, last) <= 0;
    }

    /** What is left of this range without {@code hole}, ascending. */
    public List<AddressRange> without(AddressRange hole) {
        if (!overlaps(hole)) {
            return List.of(this);
        }
        List<AddressRange> left = new ArrayList<>();
        if (Long.compareUnsigned(first, hole.first) < 0) {
            left.add(new AddressRange(first, hole.first - 1));
        }
        if (Long.compareUnsigned(hole.last, last) < 0) {
            left.add(new AddressRange(hole.last + 1, last));
        }
        return left;
    }

    @Override
    public String toString() {
        return "[0x%x, 0x%x]".formatted(first, last);
    }
}
