package io.viommufleet.agent.iommufd;

import io.viommufleet.agent.iommufd.driver.Domain;
import org.jspecify.annotations.Nullable;

/** A hardware page table that devices can be attached to. */
public abstract sealed class Hwpt extends IommufdObject permits HwptPaging, HwptNested {
    private boolean pasidCompatible;
    private @Nullable FaultQueue faults;

    Hwpt(Iommufd context, int id) {
        super(context, id);
    }

    /** The driver's domain. */
    public abstract Domain domain();

    /** The HWPT whose IOAS a device on this one uses: itself, or the parent of a nested one. */
    public abstract HwptPaging paging();

    /** Whether it was allocated for use with PASIDs. */
    public final boolean isPasidCompatible() {
        return pasidCompatible;
    }

    /** Where page faults go, or null. */
    public final @Nullable FaultQueue faults() {
        return faults;
    }

    final void setPasidCompatible(boolean compatible) {
        pasidCompatible = compatible;
    }

    final void setFaults(FaultQueue queue) {
        faults = queue;
        queue.hold();
    }

    final void dropFaults() {
        if (faults != null) {
            faults.drop();
            faults = null;
        }
    }
}
