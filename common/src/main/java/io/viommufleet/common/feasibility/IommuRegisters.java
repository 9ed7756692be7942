package io.viommufleet.common.feasibility;

/** What one IOMMU says about itself: its capability registers, or the properties that stand for them. */
public sealed interface IommuRegisters
        permits VtdRegisters, SmmuV3Registers, AmdRegisters, VirtioIommuProperties, NoIommu {
    /** The IOMMU type by the name that host files use, such as {@code intel-vtd}. */
    String type();
}
