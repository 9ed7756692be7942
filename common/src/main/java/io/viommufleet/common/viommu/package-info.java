/**
 * The decision: which vIOMMU flags each passthrough device of a VM has, from the VM's configuration alone.
 *
 * <p>{@link io.viommufleet.common.viommu.Decision#decide} is the one entry. Nothing in this package can see a host, a
 * file, the environment, a locale or a clock, so that no host can leak into a decision.
 */
@NullMarked
package io.viommufleet.common.viommu;

import org.jspecify.annotations.NullMarked;
