package io.viommufleet.common.feasibility;

/** A host, or a part of it, without an IOMMU. */
public record NoIommu() implements IommuRegisters {
    @Override
    public String type() {
        return "none";
    }
}
