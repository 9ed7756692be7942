package io.viommufleet.agent.iommufd.driver;

import io.viommufleet.agent.iommufd.iova.IovaRange;
import org.jspecify.annotations.Nullable;

/** A page table that the kernel fills from an IOAS. Drivers subclass it with what decides whether a device can use it. */
public abstract non-sealed class PagingDomain extends Domain {
    private final @Nullable DirtyLog dirtyLog;
    private boolean coherencyEnforced;

    /** A domain of {@code pageSizes}, one bit per size, with dirty tracking if {@code tracksDirty}. */
    protected PagingDomain(IommuDriver driver, long pageSizes, boolean tracksDirty) {
        super(driver);
        this.dirtyLog = tracksDirty ? new DirtyLog(Long.lowestOneBit(pageSizes)) : null;
    }

    /** IOVAs that it can translate. May change once, at the first attach, with drivers that finish a domain only then. */
    public abstract IovaRange aperture();

    /** One bit per page size. */
    public abstract long pageSizes();

    /** Whether a mapping without write permission is refused with EINVAL. */
    public boolean refusesReadOnly() {
        return false;
    }

    /** Makes DMA through it snoop; false when the hardware cannot. */
    public boolean enforceCoherency() {
        return false;
    }

    /** The dirty pages, or null when the domain was made without dirty tracking. */
    public final @Nullable DirtyLog dirtyLog() {
        return dirtyLog;
    }

    /** Whether {@link #enforceCoherency()} succeeded. */
    public final boolean coherencyEnforced() {
        return coherencyEnforced;
    }

    /** Records that coherency is enforced. */
    protected final void setCoherencyEnforced() {
        coherencyEnforced = true;
    }
}
