package io.viommufleet.agent.vmm;

import io.viommufleet.common.model.GuestReport;
import java.util.BitSet;
import java.util.Optional;

/**
 * One reading of what devices wrote since the last.
 *
 * @param pages guest-physical pages of 4 KiB, by number
 * @param failure why the migration cannot go on: pages may have been missed
 */
public record DirtyPass(BitSet pages, Optional<GuestReport.Failure> failure) {
    /** Keeps a copy. */
    public DirtyPass {
        pages = (BitSet) pages.clone();
    }
}
