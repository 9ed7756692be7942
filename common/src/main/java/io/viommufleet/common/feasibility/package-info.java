/**
 * What a host can do for a decision that was made without it: IOMMU registers decoded, the kernel capabilities that follow from them, and why
 * something cannot be done, in words.
 *
 * <p>Shared by the controller, which filters hosts with it, and by the agent, whose IOMMU drivers are built from the same records, so that the two
 * cannot disagree. Pure: no file, clock or environment is read here.
 */
@NullMarked
package io.viommufleet.common.feasibility;

import org.jspecify.annotations.NullMarked;
