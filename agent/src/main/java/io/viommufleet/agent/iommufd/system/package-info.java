/** The parts of the kernel that iommufd stands on: errnos, processes with address spaces and descriptors, and the memory that can be pinned. */
@NullMarked
package io.viommufleet.agent.iommufd.system;

import org.jspecify.annotations.NullMarked;
