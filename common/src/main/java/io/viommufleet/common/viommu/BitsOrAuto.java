package io.viommufleet.common.viommu;

import java.util.OptionalInt;

/** A width in bits, or QEMU's {@code auto}: "resolved from the host". */
public record BitsOrAuto(OptionalInt bits) {
    public static final BitsOrAuto AUTO = new BitsOrAuto(OptionalInt.empty());

    /** Exactly so many bits. */
    public static BitsOrAuto of(int bits) {
        return new BitsOrAuto(OptionalInt.of(bits));
    }

    public boolean isAuto() {
        return bits.isEmpty();
    }

    /** Whether this is the explicit width {@code width}. */
    public boolean is(int width) {
        return bits.equals(OptionalInt.of(width));
    }

    /** Whether this is an explicit width above zero. */
    public boolean isPositive() {
        return bits.orElse(0) > 0;
    }

    /** QEMU's spelling. */
    @Override
    public String toString() {
        return isAuto() ? "auto" : Integer.toString(bits.getAsInt());
    }
}
