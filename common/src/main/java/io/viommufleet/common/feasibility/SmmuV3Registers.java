package io.viommufleet.common.feasibility;

/**
 * The identification registers of one Arm SMMUv3, raw, as GET_HW_INFO and {@code arm-smmu-v3} report them.
 *
 * @param idr0 SMMU_IDR0: features
 * @param idr1 SMMU_IDR1: queue and id sizes
 * @param idr2 SMMU_IDR2
 * @param idr3 SMMU_IDR3: more features
 * @param idr4 SMMU_IDR4, implementation defined
 * @param idr5 SMMU_IDR5: addresses and granules
 * @param iidr SMMU_IIDR: implementer and revision
 * @param aidr SMMU_AIDR: architecture version
 * @param cmdqvParam CMDQV_PARAM of the Tegra241 command queue virtualization beside it, 0 without
 */
public record SmmuV3Registers(
        int idr0, int idr1, int idr2, int idr3, int idr4, int idr5, int iidr, int aidr, int cmdqvParam)
        implements IommuRegisters {
    private static final int ARM = 0x43b;
    private static final int MMU_600 = 0x483;
    private static final int MMU_700 = 0x487;
    private static final int[] OUTPUT_BITS = {32, 36, 40, 42, 44, 48, 52};

    /** An SMMU without command queue virtualization. */
    public SmmuV3Registers(int idr0, int idr1, int idr2, int idr3, int idr4, int idr5, int iidr, int aidr) {
        this(idr0, idr1, idr2, idr3, idr4, idr5, iidr, aidr, 0);
    }

    @Override
    public String type() {
        return "arm-smmuv3";
    }

    /** Whether there is command queue virtualization: CMDQV_PARAM says anything. */
    public boolean cmdqv() {
        return cmdqvParam != 0;
    }

    /** CMDQV_PARAM bits 3:0: version. */
    public int cmdqvVersion() {
        return field(cmdqvParam, 3, 0);
    }

    /** CMDQV_PARAM bits 7:4: log2 of the number of virtual command queues. */
    public int cmdqvQueuesLog2() {
        return field(cmdqvParam, 7, 4);
    }

    /** CMDQV_PARAM bits 11:8: log2 of the number of virtual interfaces, of which the kernel keeps one. */
    public int cmdqvInterfacesLog2() {
        return field(cmdqvParam, 11, 8);
    }

    /** CMDQV_PARAM bits 15:12: log2 of the StreamIDs that one virtual interface can name. */
    public int cmdqvStreamIdsLog2() {
        return field(cmdqvParam, 15, 12);
    }

    /** IDR0 bit 0, S2P: stage 2. */
    public boolean stage2() {
        return bit(idr0, 0);
    }

    /** IDR0 bit 1, S1P: stage 1. */
    public boolean stage1() {
        return bit(idr0, 1);
    }

    /** IDR0 bits 3:2, TTF: 2 = AArch64 tables, 3 = both. */
    public int tableFormats() {
        return field(idr0, 3, 2);
    }

    /** Whether {@link #tableFormats()} includes AArch64. */
    public boolean aarch64Tables() {
        return (tableFormats() & 2) != 0;
    }

    /** IDR0 bit 4, COHACC: table walks are coherent. */
    public boolean coherentAccess() {
        return bit(idr0, 4);
    }

    /** IDR0 bit 5, BTM: broadcast TLB maintenance. */
    public boolean broadcastTlb() {
        return bit(idr0, 5);
    }

    /** IDR0 bits 7:6, HTTU: 1 = accessed flag by hardware, 2 = accessed and dirty. */
    public int hardwareTableUpdate() {
        return field(idr0, 7, 6);
    }

    /** IDR0 bit 10, ATS. */
    public boolean ats() {
        return bit(idr0, 10);
    }

    /** IDR0 bit 12, ASID16: 16-bit ASIDs. */
    public boolean asid16() {
        return bit(idr0, 12);
    }

    /** IDR0 bit 16, PRI: page requests. */
    public boolean pageRequests() {
        return bit(idr0, 16);
    }

    /** IDR0 bit 18, VMID16: 16-bit VMIDs. */
    public boolean vmid16() {
        return bit(idr0, 18);
    }

    /** IDR0 bit 19, CD2L: two-level context descriptor tables. */
    public boolean twoLevelContextTable() {
        return bit(idr0, 19);
    }

    /** IDR0 bits 22:21, TTENDIAN: 0 = both, 2 = little, 3 = big. */
    public int tableEndianness() {
        return field(idr0, 22, 21);
    }

    /** IDR0 bits 25:24, STALL_MODEL: 0 = stall supported, 1 = not, 2 = forced. */
    public int stallModel() {
        return field(idr0, 25, 24);
    }

    /** IDR0 bit 26, TERM_MODEL: faults may not be terminated silently. */
    public boolean terminateModel() {
        return bit(idr0, 26);
    }

    /** IDR0 bits 28:27, ST_LEVEL: 1 = two-level stream tables. */
    public int streamTableLevel() {
        return field(idr0, 28, 27);
    }

    /** IDR1 bits 5:0, SIDSIZE: width of a StreamID in bits. */
    public int streamIdBits() {
        return field(idr1, 5, 0);
    }

    /** IDR1 bits 10:6, SSIDSIZE: width of a SubstreamID, that is a PASID, in bits. */
    public int substreamIdBits() {
        return field(idr1, 10, 6);
    }

    /** IDR1 bits 25:21, CMDQS: log2 of the largest command queue. */
    public int commandQueueLog2() {
        return field(idr1, 25, 21);
    }

    /** IDR3 bit 8, FWB: stage 2 can force write-back. */
    public boolean forceWriteBack() {
        return bit(idr3, 8);
    }

    /** IDR3 bit 10, RIL: range invalidation. */
    public boolean rangeInvalidation() {
        return bit(idr3, 10);
    }

    /** IDR3 bits 12:11, BBML: break-before-make level. */
    public int breakBeforeMakeLevel() {
        return field(idr3, 12, 11);
    }

    /** Width of an output address in bits: IDR5 bits 2:0, OAS; reserved values count as 48. */
    public int outputAddressBits() {
        int code = field(idr5, 2, 0);
        return code < OUTPUT_BITS.length ? OUTPUT_BITS[code] : 48;
    }

    /** IDR5 bits 6:4: the granules, bit 0 = 4 KiB, bit 1 = 16 KiB, bit 2 = 64 KiB. */
    public int granules() {
        return field(idr5, 6, 4);
    }

    /** IDR5 bit 4, GRAN4K. */
    public boolean granule4KiB() {
        return bit(idr5, 4);
    }

    /** IDR5 bit 5, GRAN16K. */
    public boolean granule16KiB() {
        return bit(idr5, 5);
    }

    /** IDR5 bit 6, GRAN64K. */
    public boolean granule64KiB() {
        return bit(idr5, 6);
    }

    /** IDR5 bits 11:10, VAX: 1 = 52-bit input addresses. */
    public int virtualAddressExtension() {
        return field(idr5, 11, 10);
    }

    /** IIDR bits 11:0: JEP106 code of the implementer. */
    public int implementer() {
        return field(iidr, 11, 0);
    }

    /** IIDR bits 15:12: revision, the p of r1p0. */
    public int revision() {
        return field(iidr, 15, 12);
    }

    /** IIDR bits 19:16: variant, the r of r1p0. */
    public int variant() {
        return field(iidr, 19, 16);
    }

    /** IIDR bits 31:20: product. */
    public int product() {
        return iidr >>> 20;
    }

    /**
     * Whether the kernel withholds nesting for an erratum of the part: Arm MMU-600 before r2 and MMU-700 before r1p1.
     */
    public boolean nestingErratum() {
        if (implementer() != ARM) {
            return false;
        }
        return switch (product()) {
            case MMU_600 -> variant() < 2;
            case MMU_700 -> variant() < 1 || (variant() == 1 && revision() < 1);
            default -> false;
        };
    }

    private static boolean bit(int register, int position) {
        return (register >>> position & 1) != 0;
    }

    private static int field(int register, int high, int low) {
        return register >>> low & (1 << (high - low + 1)) - 1;
    }
}
