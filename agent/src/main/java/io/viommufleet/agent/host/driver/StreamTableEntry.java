package io.viommufleet.agent.host.driver;

import static io.viommufleet.agent.iommufd.system.Errno.EIO;

import io.viommufleet.agent.iommufd.system.KernelFailure;

/**
 * A guest's stream table entry as far as the host accepts it: the two words of struct iommu_hwpt_arm_smmuv3.
 *
 * @param word0 V, Config, S1Fmt, S1ContextPtr, S1CDMax
 * @param word1 EATS, S1DSS, S1CIR, S1COR, S1CSH, S1STALLD
 */
record StreamTableEntry(long word0, long word1) {
    private static final long VALID = 1;
    private static final long CONFIG = 0xe;
    private static final long S1_FORMAT = 0x30;
    private static final long S1_CONTEXT = 0x000f_ffff_ffff_ffc0L;
    private static final long S1_CD_MAX = 0xf800_0000_0000_0000L;
    private static final long WORD0_ALLOWED = VALID | CONFIG | S1_FORMAT | S1_CONTEXT | S1_CD_MAX;

    private static final long S1_DSS = 0x3;
    private static final long S1_CACHE = 0xfc;
    private static final long S1_STALL_DISABLE = 1L << 27;
    private static final long EATS = 3L << 28;
    private static final long WORD1_ALLOWED = S1_DSS | S1_CACHE | S1_STALL_DISABLE | EATS;

    private static final int CONFIG_ABORT = 0;
    private static final int CONFIG_BYPASS = 4;
    private static final int CONFIG_S1_TRANSLATE = 5;

    /** Takes a guest's words: EIO for anything that the host does not allow. An invalid entry aborts. */
    static StreamTableEntry checked(long word0, long word1) throws KernelFailure {
        if ((word0 & VALID) == 0) {
            return new StreamTableEntry(0, 0);
        }
        StreamTableEntry entry = new StreamTableEntry(word0, word1);
        boolean unknownBits = (word0 & ~WORD0_ALLOWED) != 0 || (word1 & ~WORD1_ALLOWED) != 0;
        boolean knownConfig = entry.config() == CONFIG_ABORT
                || entry.config() == CONFIG_BYPASS
                || entry.config() == CONFIG_S1_TRANSLATE;
        if (unknownBits || !knownConfig || (word1 & EATS) >>> 28 > 1) {
            throw EIO.failure();
        }
        return entry;
    }

    /** Whether the guest translates, which needs a vdevice. */
    boolean translates() {
        return config() == CONFIG_S1_TRANSLATE;
    }

    private int config() {
        return (int) ((word0 & CONFIG) >>> 1);
    }
}
