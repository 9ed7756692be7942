package io.viommufleet.common.feasibility;

/**
 * What the arm-smmu-v3 driver makes of the identification registers: nesting needs both stages and no erratum, dirty tracking is a stage-1 feature,
 * and nested HWPTs come only through a viommu object, which 6.12 does not have.
 *
 * @param registers of one SMMU
 * @param kernel that runs it
 */
public record SmmuV3Capabilities(SmmuV3Registers registers, KernelSetup kernel) {
    private static final int CPU_VIRTUAL_BITS = 48;

    /** Whether stage 1 is there. */
    public Capability stage1() {
        return Capability.when(registers.stage1(), "IDR0.S1P (bit 1) is clear: no stage 1");
    }

    /** Whether stage 2 is there. */
    public Capability stage2() {
        return Capability.when(registers.stage2(), "IDR0.S2P (bit 0) is clear: no stage 2");
    }

    /** Whether a nesting parent can be allocated. */
    public Capability nesting() {
        return stage1().and(stage2())
                .and(Capability.when(
                        !registers.nestingErratum(),
                        "IIDR 0x%08x names a revision whose nesting erratum the kernel works around by not nesting"
                                .formatted(registers.iidr())));
    }

    /**
     * Whether a viommu object can be made on a nesting parent: the DMA of the device must be coherent whatever the guest's tables say. That the SMMU's own
     * walks are coherent (IDR0.COHACC) does not help.
     *
     * @param coherentWriteBack whether firmware says of the device that its DMA is coherent write-back (CANWBS)
     */
    public Capability viommu(boolean coherentWriteBack) {
        return nesting()
                .and(Capability.when(
                        kernel.version().hasViommuObjects(),
                        "kernel %s has no viommu objects".formatted(kernel.version())))
                .and(Capability.when(registers.forceWriteBack() || coherentWriteBack, "IDR3.FWB (bit 8) is clear"));
    }

    /** Whether a domain with dirty tracking can be allocated. */
    public Capability dirtyTracking() {
        return stage1().and(Capability.when(
                        registers.hardwareTableUpdate() >= 2, "IDR0.HTTU (bits 7:6) has no hardware dirty state"))
                .and(coherent());
    }

    /** Whether PASIDs can be attached. */
    public Capability pasid() {
        return stage1().and(Capability.when(registers.substreamIdBits() > 0, "IDR1.SSIDSIZE (bits 10:6) is 0"))
                .and(Capability.when(
                        kernel.version().attachesPasids(),
                        "kernel %s has no PASID attach".formatted(kernel.version())));
    }

    /** Whether DMA through the SMMU is coherent with the processor caches, which a VFIO bind needs. */
    public Capability coherent() {
        return Capability.when(registers.coherentAccess(), "IDR0.COHACC (bit 4) is clear: DMA is not coherent");
    }

    /** Whether the driver starts at all with these registers. */
    public Capability usable() {
        return Capability.when(registers.aarch64Tables(), "IDR0.TTF (bits 3:2) does not include AArch64")
                .and(Capability.when(registers.stage1() || registers.stage2(), "IDR0 announces neither stage"))
                .and(Capability.when(registers.tableEndianness() != 3, "IDR0.TTENDIAN (bits 22:21) is big-endian only"))
                .and(Capability.when(registers.granules() != 0, "IDR5 announces no translation granule"));
    }

    /** IOVAs of a stage-1 domain. */
    public AddressRange stage1Aperture() {
        return AddressRange.ofBits(CPU_VIRTUAL_BITS);
    }

    /** IOVAs of a stage-2 domain. */
    public AddressRange stage2Aperture() {
        return AddressRange.ofBits(registers.outputAddressBits());
    }

    /** Page sizes of a domain, one bit each: those of the processor's 4 KiB granule if the SMMU has it, else of the next smaller granule it has. */
    public long pageSizes() {
        if (registers.granule4KiB()) {
            return 1L << 12 | 1L << 21 | 1L << 30;
        }
        return registers.granule16KiB() ? 1L << 14 | 1L << 25 : 1L << 16 | 1L << 29;
    }

    IommuCapabilities derive() {
        return new IommuCapabilities(
                usable().and(nesting()),
                usable().and(dirtyTracking()),
                usable().and(pasid()),
                pasid().available() ? registers.substreamIdBits() : 0,
                usable().and(coherent()).and(IommuCapabilities.isolatedInterrupts(kernel)),
                coherent(),
                registers.stage1() ? stage1Aperture() : stage2Aperture(),
                stage2Aperture(),
                pageSizes());
    }
}
