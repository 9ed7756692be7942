package io.viommufleet.common.feasibility;

/**
 * What the intel-iommu driver makes of VT-d registers: scalable mode needs the kernel option and SMTS; PASIDs, nesting and dirty tracking need
 * scalable mode; a stage's width follows from MGAW with SAGAW (second) or FS5LP (first).
 *
 * @param registers of one remapping unit
 * @param kernel that runs it
 */
public record VtdCapabilities(VtdRegisters registers, KernelSetup kernel) {
    private static final long SIZE_4_KIB = 1L << 12;
    private static final long SIZE_2_MIB = 1L << 21;
    private static final long SIZE_1_GIB = 1L << 30;

    /** Whether the unit runs in scalable mode. */
    public Capability scalableMode() {
        return Capability.when(registers.scalableMode(), "ECAP.SMTS (bit 43) is clear: no scalable mode")
                .and(Capability.when(kernel.scalableMode(), "scalable mode is off in the kernel (intel_iommu=sm_on)"));
    }

    /** Whether a nesting parent can be allocated. */
    public Capability nesting() {
        return scalableMode()
                .and(Capability.when(registers.nestedTranslation(), "ECAP.NEST (bit 26) is clear"))
                .and(secondStage());
    }

    /** Whether a domain with dirty tracking can be allocated. */
    public Capability dirtyTracking() {
        return scalableMode()
                .and(Capability.when(registers.secondStageAccessDirty(), "ECAP.SLADS (bit 45) is clear"))
                .and(Capability.when(registers.scalableModeCoherentWalk(), "ECAP.SMPWC (bit 48) is clear"))
                .and(secondStage());
    }

    /** Whether PASIDs can be attached. */
    public Capability pasid() {
        return scalableMode()
                .and(Capability.when(registers.processAddressSpaces(), "ECAP.PASID (bit 40) is clear"))
                .and(Capability.when(
                        kernel.version().attachesPasids(),
                        "kernel %s has no PASID attach".formatted(kernel.version())));
    }

    /** Whether the second stage is usable: always in legacy mode, with SLTS in scalable mode. */
    public Capability secondStage() {
        return Capability.when(
                !scalableMode().available() || registers.secondStageTranslation(),
                "ECAP.SLTS (bit 46) is clear: no second stage in scalable mode");
    }

    /** Whether the first stage is usable. */
    public Capability firstStage() {
        return scalableMode().and(Capability.when(registers.firstStageTranslation(), "ECAP.FLTS (bit 47) is clear"));
    }

    /** Width in bits of a second-stage domain. */
    public int secondStageWidth() {
        int mgaw = registers.maximumGuestWidth();
        int sagaw = registers.adjustedWidths();
        if (mgaw > 48 && sagaw >= 8) {
            return Math.min(57, mgaw);
        }
        return mgaw > 39 && sagaw >= 4 ? Math.min(48, mgaw) : Math.min(39, mgaw);
    }

    /** Width in bits of a first-stage domain, of which only the lower half is usable. */
    public int firstStageWidth() {
        int mgaw = registers.maximumGuestWidth();
        return mgaw > 48 && registers.firstStage5Level() ? Math.min(57, mgaw) : Math.min(48, mgaw);
    }

    /** IOVAs of a second-stage domain. */
    public AddressRange secondStageAperture() {
        return AddressRange.ofBits(secondStageWidth());
    }

    /** IOVAs of a first-stage domain: the lower half of a sign-extended table. */
    public AddressRange firstStageAperture() {
        return AddressRange.ofBits(firstStageWidth() - 1);
    }

    /** Page sizes of a second-stage domain, one bit each. */
    public long secondStagePageSizes() {
        return SIZE_4_KIB
                | (registers.secondStage2MiB() ? SIZE_2_MIB : 0)
                | (registers.secondStage1GiB() ? SIZE_1_GIB : 0);
    }

    /** Page sizes of a first-stage domain, one bit each. */
    public long firstStagePageSizes() {
        return SIZE_4_KIB | SIZE_2_MIB | (registers.firstStage1GiB() ? SIZE_1_GIB : 0);
    }

    /**
     * Whether a domain allocated without flags is a first-stage one: from 7.0 on, where the first stage is usable. 6.12 takes the second stage for
     * every domain that user space allocates.
     */
    public boolean plainDomainIsFirstStage() {
        return firstStage().available() && kernel.version().prefersFirstStage();
    }

    IommuCapabilities derive() {
        return new IommuCapabilities(
                nesting(),
                dirtyTracking(),
                pasid(),
                pasid().available() ? registers.pasidBits() : 0,
                IommuCapabilities.isolatedInterrupts(kernel),
                Capability.when(registers.snoopControl(), "ECAP.SC (bit 7) is clear"),
                plainDomainIsFirstStage() ? firstStageAperture() : secondStageAperture(),
                secondStageAperture(),
                secondStagePageSizes());
    }
}
