package io.viommufleet.agent.iommufd.driver;

import org.jspecify.annotations.Nullable;

/** A stage 1 that a guest fills, on top of a nesting parent. */
public abstract non-sealed class NestedDomain extends Domain {
    private final PagingDomain parent;
    private final @Nullable HardwareViommu viommu;

    /** A stage 1 on {@code parent}, made through {@code viommu} unless that is null. */
    protected NestedDomain(IommuDriver driver, PagingDomain parent, @Nullable HardwareViommu viommu) {
        super(driver);
        this.parent = parent;
        this.viommu = viommu;
    }

    /** The stage 2 beneath. */
    public final PagingDomain parent() {
        return parent;
    }

    /** The viommu that it was made through, or null. */
    public final @Nullable HardwareViommu viommu() {
        return viommu;
    }

    /** How HWPT_INVALIDATE works on it; null when the driver has no such operation. */
    public @Nullable Invalidator invalidator() {
        return null;
    }
}
