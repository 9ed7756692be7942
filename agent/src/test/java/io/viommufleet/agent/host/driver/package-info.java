/** Tests of the IOMMU drivers that hosts' registers call for. */
@NullMarked
package io.viommufleet.agent.host.driver;

import org.jspecify.annotations.NullMarked;
