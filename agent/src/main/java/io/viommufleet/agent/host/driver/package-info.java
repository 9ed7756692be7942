/** The IOMMU drivers of a host, built from the registers of its IOMMUs: what each can allocate, and which device can be attached to what. */
@NullMarked
package io.viommufleet.agent.host.driver;

import org.jspecify.annotations.NullMarked;
