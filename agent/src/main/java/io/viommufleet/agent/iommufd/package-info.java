/**
 * The emulated iommufd: contexts with their object tables, and every ioctl as a record whose {@code execute} makes the kernel's checks in the kernel's
 * order.
 *
 * <p>A software MSI window shows as a reserved region only: which of its pages a doorbell gets is settled when an interrupt is set up, and no ioctl of
 * iommufd tells it.
 *
 * <p>One {@link io.viommufleet.agent.iommufd.EmulatedKernel} is one boot of one host. It belongs to one thread at a time; nothing in it locks.
 */
@NullMarked
package io.viommufleet.agent.iommufd;

import org.jspecify.annotations.NullMarked;
