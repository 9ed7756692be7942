/**
 * The kernel's own test module (CONFIG_IOMMUFD_TEST): a mock IOMMU with every feature that iommufd has, devices without hardware, and the
 * IOMMU_TEST_CMD operations that drive them. Recorded traces use it to reach what no machine at hand has.
 */
@NullMarked
package io.viommufleet.agent.iommufd.selftest;

import org.jspecify.annotations.NullMarked;
