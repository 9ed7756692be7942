package io.viommufleet.common.feasibility;

import java.util.Set;

/** What a kernel's IOMMU driver makes of HWPT_ALLOC on an empty IOAS. */
public sealed interface DomainPrediction {
    /**
     * A domain.
     *
     * @param aperture IOVAs that the IOAS then has, before reserved regions
     * @param pageSizes one bit per page size
     * @param refusesReadOnly whether read-only memory cannot be mapped
     */
    record Made(AddressRange aperture, long pageSizes, boolean refusesReadOnly) implements DomainPrediction {}

    /**
     * No domain.
     *
     * @param errno by name
     * @param reason what the IOMMU or its driver lacks
     */
    record Refused(String errno, String reason) implements DomainPrediction {}

    /** Predicts the call. */
    static DomainPrediction of(IommuRegisters registers, KernelSetup kernel, Set<HwptFlag> flags) {
        IommuCapabilities able = IommuCapabilities.of(registers, kernel);
        DomainPrediction domain = switch (registers) {
            case VtdRegisters vtd -> vtd(new VtdCapabilities(vtd, kernel), flags);
            case SmmuV3Registers smmu -> smmu(new SmmuV3Capabilities(smmu, kernel), flags);
            case AmdRegisters amd -> amd(new AmdCapabilities(amd, kernel), flags);
            case VirtioIommuProperties _ -> virtio(able, flags);
            case NoIommu _ -> new Refused("ENODEV", able.binding().whyNot().orElse("no IOMMU"));
        };
        boolean coarse = domain instanceof Made made && Long.lowestOneBit(made.pageSizes()) > 4096;
        return coarse ? new Refused("EINVAL", "the smallest page is larger than the processor's 4 KiB") : domain;
    }

    private static DomainPrediction vtd(VtdCapabilities unit, Set<HwptFlag> flags) {
        boolean parent = flags.contains(HwptFlag.NEST_PARENT);
        boolean dirty = flags.contains(HwptFlag.DIRTY_TRACKING);
        KernelVersion kernel = unit.kernel().version();
        if (flags.contains(HwptFlag.PASID) && !kernel.attachesPasids()) {
            return unsupported(Capability.cannot("kernel %s does not know the PASID flag".formatted(kernel)));
        }
        if (!parent && !dirty && unit.plainDomainIsFirstStage()) {
            return new Made(unit.firstStageAperture(), unit.firstStagePageSizes(), false);
        }
        Capability able = (dirty ? unit.dirtyTracking() : Capability.can())
                .and(parent ? unit.nesting() : Capability.can())
                .and(unit.secondStage());
        return able.available()
                ? new Made(
                        unit.secondStageAperture(),
                        unit.secondStagePageSizes(),
                        parent && kernel.refusesReadOnlyInParent())
                : unsupported(able);
    }

    private static DomainPrediction smmu(SmmuV3Capabilities smmu, Set<HwptFlag> flags) {
        boolean parent = flags.contains(HwptFlag.NEST_PARENT);
        Capability combination = Capability.when(
                !parent || flags.size() == 1, "the SMMUv3 driver takes no other flag beside NEST_PARENT");
        Capability able = combination.and(parent ? smmu.nesting() : flags.isEmpty() ? Capability.can() : smmu.stage1());
        boolean stage2 = parent || !smmu.registers().stage1();
        return able.available()
                ? new Made(stage2 ? smmu.stage2Aperture() : smmu.stage1Aperture(), smmu.pageSizes(), false)
                : unsupported(able);
    }

    private static DomainPrediction amd(AmdCapabilities amd, Set<HwptFlag> flags) {
        Capability able = Capability.when(
                        !flags.contains(HwptFlag.PASID) || flags.size() == 1,
                        "the AMD driver takes no other flag beside PASID")
                .and(flags.contains(HwptFlag.NEST_PARENT) ? amd.nesting() : Capability.can())
                .and(flags.contains(HwptFlag.DIRTY_TRACKING) ? amd.dirtyTracking() : Capability.can())
                .and(flags.contains(HwptFlag.PASID) ? amd.pasid() : Capability.can());
        return able.available()
                ? new Made(amd.plainAperture(), AmdCapabilities.V1_PAGE_SIZES, false)
                : unsupported(able);
    }

    /** A virtio-iommu domain has no aperture before its first attach, so that the IOAS it joins keeps address 0 only. */
    private static DomainPrediction virtio(IommuCapabilities able, Set<HwptFlag> flags) {
        return flags.isEmpty() ? new Made(new AddressRange(0, 0), 4096, false) : unsupported(able.nesting());
    }

    private static Refused unsupported(Capability able) {
        return new Refused("EOPNOTSUPP", able.whyNot().orElse("the driver does not know the combination of flags"));
    }
}
