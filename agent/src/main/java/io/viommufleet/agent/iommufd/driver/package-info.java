/** What an IOMMU driver provides to the emulated kernel: devices and their groups, domains, viommu hardware, and the errors of each. */
@NullMarked
package io.viommufleet.agent.iommufd.driver;

import org.jspecify.annotations.NullMarked;
