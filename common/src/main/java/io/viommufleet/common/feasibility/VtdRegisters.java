package io.viommufleet.common.feasibility;

/**
 * The VT-d capability registers of one remapping unit, raw, as {@code intel-iommu/cap} and {@code intel-iommu/ecap} show them in sysfs.
 *
 * @param cap Capability Register
 * @param ecap Extended Capability Register
 */
public record VtdRegisters(long cap, long ecap) implements IommuRegisters {
    @Override
    public String type() {
        return "intel-vtd";
    }

    /** CAP bits 2:0, ND: 2^(4+2n) domain ids. */
    public int domainIdBits() {
        return 4 + 2 * field(cap, 2, 0);
    }

    /** CAP bit 4, RWBF: writes need a buffer flush. */
    public boolean writeBufferFlush() {
        return bit(cap, 4);
    }

    /** CAP bit 7, CM: not-present entries may be cached, so new mappings need an invalidation. */
    public boolean cachingMode() {
        return bit(cap, 7);
    }

    /** CAP bits 12:8, SAGAW: bit 1 = 39 bits with 3 levels, bit 2 = 48 with 4, bit 3 = 57 with 5. */
    public int adjustedWidths() {
        return field(cap, 12, 8);
    }

    /** Width of the addresses that can be translated: CAP bits 21:16, MGAW, plus one. */
    public int maximumGuestWidth() {
        return field(cap, 21, 16) + 1;
    }

    /** CAP bit 22, ZLR: zero-length reads of write-only pages. */
    public boolean zeroLengthRead() {
        return bit(cap, 22);
    }

    /** CAP bit 34, SLLPS/SSLPS: 2 MiB pages in the second stage. */
    public boolean secondStage2MiB() {
        return bit(cap, 34);
    }

    /** CAP bit 35, SLLPS/SSLPS: 1 GiB pages in the second stage. */
    public boolean secondStage1GiB() {
        return bit(cap, 35);
    }

    /** CAP bit 56, FS1GP: 1 GiB pages in the first stage. */
    public boolean firstStage1GiB() {
        return bit(cap, 56);
    }

    /** CAP bit 59, PI: posted interrupts. */
    public boolean postedInterrupts() {
        return bit(cap, 59);
    }

    /** CAP bit 60, FS5LP: five-level first-stage tables. */
    public boolean firstStage5Level() {
        return bit(cap, 60);
    }

    /** ECAP bit 0: page walks snoop the processor caches. */
    public boolean coherentPageWalk() {
        return bit(ecap, 0);
    }

    /** ECAP bit 1, QI: queued invalidation. */
    public boolean queuedInvalidation() {
        return bit(ecap, 1);
    }

    /** ECAP bit 2, DT: device TLBs, that is ATS. */
    public boolean deviceTlb() {
        return bit(ecap, 2);
    }

    /** ECAP bit 3, IR: interrupt remapping. */
    public boolean interruptRemapping() {
        return bit(ecap, 3);
    }

    /** ECAP bit 6, PT: pass-through translation. */
    public boolean passThrough() {
        return bit(ecap, 6);
    }

    /** ECAP bit 7, SC: snoop control, a domain can force coherency. */
    public boolean snoopControl() {
        return bit(ecap, 7);
    }

    /** ECAP bit 26, NEST: nested translation. */
    public boolean nestedTranslation() {
        return bit(ecap, 26);
    }

    /** ECAP bit 29, PRS: page requests. */
    public boolean pageRequests() {
        return bit(ecap, 29);
    }

    /** ECAP bit 31, SRS: supervisor requests. */
    public boolean supervisorRequests() {
        return bit(ecap, 31);
    }

    /** ECAP bit 34, EAFS: extended accessed flag. */
    public boolean extendedAccessedFlag() {
        return bit(ecap, 34);
    }

    /** Width of a PASID in bits: ECAP bits 39:35, PSS, plus one. Meaningful only with {@link #processAddressSpaces()}. */
    public int pasidBits() {
        return field(ecap, 39, 35) + 1;
    }

    /** ECAP bit 40, PASID: process address space ids. */
    public boolean processAddressSpaces() {
        return bit(ecap, 40);
    }

    /** ECAP bit 43, SMTS: scalable-mode translation. */
    public boolean scalableMode() {
        return bit(ecap, 43);
    }

    /** ECAP bit 45, SLADS/SSADS: accessed and dirty bits in the second stage. */
    public boolean secondStageAccessDirty() {
        return bit(ecap, 45);
    }

    /** ECAP bit 46, SLTS/SSTS: second-stage translation in scalable mode. */
    public boolean secondStageTranslation() {
        return bit(ecap, 46);
    }

    /** ECAP bit 47, FLTS/FSTS: first-stage translation in scalable mode. */
    public boolean firstStageTranslation() {
        return bit(ecap, 47);
    }

    /** ECAP bit 48, SMPWC: scalable-mode page walks are coherent. */
    public boolean scalableModeCoherentWalk() {
        return bit(ecap, 48);
    }

    /** ECAP bit 49, RPS: a PASID may be set for requests without one. */
    public boolean ridPasid() {
        return bit(ecap, 49);
    }

    private static boolean bit(long register, int position) {
        return (register >>> position & 1) != 0;
    }

    private static int field(long register, int high, int low) {
        return (int) (register >>> low & (1L << (high - low + 1)) - 1);
    }
}
