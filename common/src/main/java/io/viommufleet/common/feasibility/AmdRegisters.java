package io.viommufleet.common.feasibility;

/**
 * The AMD-Vi extended feature registers of one IOMMU, raw.
 *
 * @param efr Extended Feature Register
 * @param efr2 Extended Feature Register 2
 */
public record AmdRegisters(long efr, long efr2) implements IommuRegisters {
    @Override
    public String type() {
        return "amd-vi";
    }

    /** EFR bit 1, PPRSup: peripheral page requests. */
    public boolean pageRequests() {
        return bit(efr, 1);
    }

    /** EFR bit 4, GTSup: guest translation, the v2 page table. */
    public boolean guestTranslation() {
        return bit(efr, 4);
    }

    /** EFR bit 6, IASup: INVALIDATE_IOMMU_ALL. */
    public boolean invalidateAll() {
        return bit(efr, 6);
    }

    /** EFR bit 7, GASup: guest virtual APIC. */
    public boolean guestApic() {
        return bit(efr, 7);
    }

    /** EFR bits 11:10, HATS: host page-table levels above four, 3 is reserved. */
    public int hostAddressTranslationSize() {
        return field(efr, 11, 10);
    }

    /** EFR bits 13:12, GATS: guest page-table levels above four. */
    public int guestAddressTranslationSize() {
        return field(efr, 13, 12);
    }

    /** EFR bits 15:14, GLXSup: guest CR3 table levels above one. */
    public int guestCr3Levels() {
        return field(efr, 15, 14);
    }

    /** Width of a PASID in bits: EFR bits 36:32, PASmax, plus one. */
    public int pasidBits() {
        return field(efr, 36, 32) + 1;
    }

    /** EFR bit 48, GIOSup: guest I/O protection. */
    public boolean guestIoProtection() {
        return bit(efr, 48);
    }

    /** EFR bit 49, HASup: the host page table has accessed bits. */
    public boolean hostAccessed() {
        return bit(efr, 49);
    }

    /** EFR bit 52, HDSup: the host page table has dirty bits. */
    public boolean hostDirty() {
        return bit(efr, 52);
    }

    /** EFR2 bit 3, GCR3TRPMode: the guest CR3 table holds guest-physical addresses, which nesting needs. */
    public boolean guestCr3TablePhysical() {
        return bit(efr2, 3);
    }

    /** EFR2 bit 11: the HyperTransport hole needs no reservation. */
    public boolean ignoresHyperTransportRange() {
        return bit(efr2, 11);
    }

    private static boolean bit(long register, int position) {
        return (register >>> position & 1) != 0;
    }

    private static int field(long register, int high, int low) {
        return (int) (register >>> low & (1L << (high - low + 1)) - 1);
    }
}
