/** The address space of an IOAS as pure geometry: which IOVAs are mapped, reserved and allowed, and where the next mapping may go. */
@NullMarked
package io.viommufleet.agent.iommufd.iova;

import org.jspecify.annotations.NullMarked;
