package io.viommufleet.agent.iommufd.driver;

import io.viommufleet.agent.iommufd.system.KernelFailure;

/** The driver's part of HWPT_INVALIDATE. */
public interface Invalidator {
    /**
     * Handles entries one by one and counts them in {@code requests}; stops at the first that fails.
     *
     * @throws KernelFailure of the first bad entry; the ones before took effect
     */
    void invalidate(InvalidationRequests requests) throws KernelFailure;
}
