/** The VFIO device files, {@code /dev/vfio/devices/vfioN}: binding a device to an iommufd, attaching and detaching it. */
@NullMarked
package io.viommufleet.agent.vfio;

import org.jspecify.annotations.NullMarked;
