package io.viommufleet.agent.vmm;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** The words of a guest's stream table entry that the kernel takes (struct iommu_hwpt_arm_smmuv3), in the layout of the Arm SMMUv3 architecture. */
final class VirtualStreamEntry {
    /** IOMMU_HWPT_DATA_ARM_SMMUV3. */
    static final int DATA_TYPE = 2;

    private static final int BYTES = 16;
    private static final long VALID = 1;
    private static final long CONFIG_BYPASS = 4 << 1;
    private static final long CONFIG_STAGE1 = 5 << 1;
    private static final long CONTEXT_ADDRESS = 0x000f_ffff_ffff_ffc0L;
    private static final int CONTEXT_BITS_SHIFT = 59;
    private static final long DEFAULT_SUBSTREAM_0 = 2;
    private static final long ATS_ENABLED = 1 << 28;

    private VirtualStreamEntry() {}

    /** Aborts DMA. */
    static byte[] aborting() {
        return words(VALID, 0);
    }

    /** Passes DMA through. */
    static byte[] bypassing() {
        return words(VALID | CONFIG_BYPASS, 0);
    }

    /**
     * Stage 1 translates.
     *
     * @param contexts guest-physical address of the context descriptors
     * @param substreamBits how many descriptors there are, as a power of two
     * @param ats whether the device may ask for translations
     */
    static byte[] translating(long contexts, int substreamBits, boolean ats) {
        long word1 = (substreamBits > 0 ? DEFAULT_SUBSTREAM_0 : 0) | (ats ? ATS_ENABLED : 0);
        return words(
                VALID | CONFIG_STAGE1 | (contexts & CONTEXT_ADDRESS) | (long) substreamBits << CONTEXT_BITS_SHIFT,
                word1);
    }

    private static byte[] words(long word0, long word1) {
        return ByteBuffer.allocate(BYTES)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(word0)
                .putLong(word1)
                .array();
    }
}
