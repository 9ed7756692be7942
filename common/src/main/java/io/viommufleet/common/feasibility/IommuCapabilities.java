package io.viommufleet.common.feasibility;

/**
 * What the kernel's driver can do with one IOMMU: the answer that HWPT_ALLOC, GET_HW_INFO and the VFIO bind would give, derived from registers and
 * kernel set-up alone.
 *
 * @param nesting HWPT_ALLOC with NEST_PARENT
 * @param dirtyTracking HWPT_ALLOC with DIRTY_TRACKING
 * @param pasid HWPT_ALLOC with PASID, and attaching one
 * @param maxPasidLog2 log2 of the number of PASIDs the IOMMU can tell apart; 0 without
 * @param binding VFIO bind of a device behind it
 * @param enforcedCoherency whether a domain can force DMA to snoop
 * @param plainAperture IOVAs of a domain allocated without flags
 * @param parentAperture IOVAs of a nesting parent (or of the plain stage-2 domain, where it cannot nest)
 * @param pageSizes one bit per page size of the domain that {@code parentAperture} describes
 */
public record IommuCapabilities(
        Capability nesting,
        Capability dirtyTracking,
        Capability pasid,
        int maxPasidLog2,
        Capability binding,
        Capability enforcedCoherency,
        AddressRange plainAperture,
        AddressRange parentAperture,
        long pageSizes) {

    /** Derives the capabilities of an IOMMU under a kernel. */
    public static IommuCapabilities of(IommuRegisters registers, KernelSetup kernel) {
        return switch (registers) {
            case VtdRegisters vtd -> new VtdCapabilities(vtd, kernel).derive();
            case SmmuV3Registers smmu -> new SmmuV3Capabilities(smmu, kernel).derive();
            case AmdRegisters amd -> new AmdCapabilities(amd, kernel).derive();
            case VirtioIommuProperties virtio -> virtio(virtio, kernel);
            case NoIommu none -> none(none);
        };
    }

    /** Whether MSIs are isolated, or the administrator waived it; without either a bind is EPERM. */
    static Capability isolatedInterrupts(KernelSetup kernel) {
        return Capability.when(
                kernel.interruptRemapping() || kernel.allowUnsafeInterrupts(),
                "interrupts are not remapped and allow_unsafe_interrupts is off");
    }

    private static IommuCapabilities virtio(VirtioIommuProperties virtio, KernelSetup kernel) {
        Capability withoutFlags = Capability.cannot("the virtio-iommu driver allocates no domain with flags");
        return new IommuCapabilities(
                withoutFlags,
                withoutFlags,
                withoutFlags,
                0,
                isolatedInterrupts(kernel),
                Capability.cannot("virtio-iommu cannot enforce cache coherency"),
                virtio.range(),
                virtio.range(),
                virtio.pageSizeMask());
    }

    private static IommuCapabilities none(NoIommu none) {
        Capability absent = Capability.cannot("the host has no IOMMU (type " + none.type() + ")");
        return new IommuCapabilities(
                absent, absent, absent, 0, absent, absent, AddressRange.ofBits(64), AddressRange.ofBits(64), 0);
    }
}
