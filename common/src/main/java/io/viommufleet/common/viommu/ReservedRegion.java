package io.viommufleet.common.viommu;

import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A region of guest I/O virtual addresses that a virtio-iommu does not translate, unsigned 64-bit, both ends included.
 *
 * @param type virtio-iommu's: 0 is reserved, 1 is an MSI doorbell
 */
public record ReservedRegion(long start, long last, int type) {
    private static final Pattern TEXT =
            Pattern.compile("0[xX]([0-9a-fA-F]{1,16}):0[xX]([0-9a-fA-F]{1,16}):([0-9]{1,3})");

    /** Reads QEMU's {@code LOW:HIGH:TYPE}, the addresses in hexadecimal with 0x; empty if it is none. */
    static Optional<ReservedRegion> parse(String text) {
        Matcher matcher = TEXT.matcher(text);
        if (!matcher.matches()) {
            return Optional.empty();
        }
        return Optional.of(new ReservedRegion(
                        Long.parseUnsignedLong(matcher.group(1), 16),
                        Long.parseUnsignedLong(matcher.group(2), 16),
                        Integer.parseInt(matcher.group(3))))
                .filter(region -> Long.compareUnsigned(region.start, region.last) <= 0);
    }

    @Override
    public String toString() {
        return "0x%x:0x%x:%s".formatted(start, last, type);
    }
}
