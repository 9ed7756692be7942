package io.viommufleet.agent.host;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Optional;

/** What sysfs shows of a function's configuration space (PCI Express Base Specification, extended capabilities). */
final class PciConfigSpace {
    private static final int CONVENTIONAL_SIZE = 0x100;
    private static final int EXTENDED_SIZE = 0x1000;
    private static final int PASID_CAPABILITY = 0x001b;
    private static final int MOST_CAPABILITIES = (EXTENDED_SIZE - CONVENTIONAL_SIZE) / 8;

    private PciConfigSpace() {}

    /**
     * The width of the PASIDs that the function can issue; 0 for none.
     *
     * @return empty when the bytes end before the answer, as they do for readers without privileges
     */
    static Optional<Integer> pasidBits(byte[] config) {
        if (config.length == CONVENTIONAL_SIZE) {
            return Optional.of(0);
        }
        if (config.length < EXTENDED_SIZE) {
            return Optional.empty();
        }
        ByteBuffer bytes = ByteBuffer.wrap(config).order(ByteOrder.LITTLE_ENDIAN);
        int at = CONVENTIONAL_SIZE;
        for (int seen = 0; seen < MOST_CAPABILITIES && at >= CONVENTIONAL_SIZE && at <= EXTENDED_SIZE - 8; seen++) {
            int header = bytes.getInt(at);
            if ((header & 0xffff) == PASID_CAPABILITY) {
                return Optional.of(bytes.getShort(at + 4) >>> 8 & 0x1f);
            }
            at = header >>> 20 & ~3;
        }
        return Optional.of(0);
    }
}
