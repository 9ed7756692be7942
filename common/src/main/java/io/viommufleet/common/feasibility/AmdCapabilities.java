package io.viommufleet.common.feasibility;

/**
 * What the AMD driver makes of the extended feature registers: a nesting parent needs guest translation, guest I/O protection and a guest CR3 table
 * in guest-physical addresses; dirty tracking needs HDSup; PASIDs need the v2 page table.
 *
 * @param registers of one IOMMU
 * @param kernel that runs it
 */
public record AmdCapabilities(AmdRegisters registers, KernelSetup kernel) {
    /**
     * Page sizes of a v1 page table: every power of two from 4 KiB, but not 512 GiB, which has no encoding of its own.
     */
    public static final long V1_PAGE_SIZES = ~0xfffL & ~(1L << 39);

    /** Page sizes of a v2 page table, the processor's own: 4 KiB, 2 MiB and 1 GiB. */
    public static final long V2_PAGE_SIZES = 1L << 12 | 1L << 21 | 1L << 30;

    /** Whether a nesting parent can be allocated. */
    public Capability nesting() {
        return newKernel(kernel.version().amdNests(), "nesting")
                .and(Capability.when(registers.guestTranslation(), "EFR.GTSup (bit 4) is clear"))
                .and(Capability.when(registers.guestIoProtection(), "EFR.GIOSup (bit 48) is clear"))
                .and(Capability.when(registers.guestCr3TablePhysical(), "EFR2.GCR3TRPMode (bit 3) is clear"));
    }

    /** Whether a domain with dirty tracking can be allocated. */
    public Capability dirtyTracking() {
        return Capability.when(registers.hostDirty(), "EFR.HDSup (bit 52) is clear");
    }

    /** Whether PASIDs can be attached. */
    public Capability pasid() {
        return newKernel(kernel.version().attachesPasids(), "PASID attach")
                .and(Capability.when(registers.guestTranslation(), "EFR.GTSup (bit 4) is clear: no v2 page table"));
    }

    /**
     * IOVAs of a v1 domain: 64 bits in 6.12. In 7.0 the number of levels follows the IVHD's <em>global</em> EFR, four levels (48 bits) where that
     * says nothing; it is not among the registers, so four are assumed.
     */
    public AddressRange plainAperture() {
        return AddressRange.ofBits(kernel.version().amdTableFollowsHardware() ? 48 : 64);
    }

    /** IOVAs of a v2 domain: the lower half of what four levels translate, or five where EFR.GATS says so. */
    public AddressRange version2Aperture() {
        return AddressRange.ofBits(registers.guestAddressTranslationSize() == 1 ? 56 : 47);
    }

    private Capability newKernel(boolean able, String what) {
        return Capability.when(able, "kernel %s has no %s for AMD".formatted(kernel.version(), what));
    }

    IommuCapabilities derive() {
        return new IommuCapabilities(
                nesting(),
                dirtyTracking(),
                pasid(),
                pasid().available() ? registers.pasidBits() : 0,
                IommuCapabilities.isolatedInterrupts(kernel),
                Capability.cannot("the AMD driver enforces no cache coherency per domain"),
                plainAperture(),
                plainAperture(),
                V1_PAGE_SIZES);
    }
}
