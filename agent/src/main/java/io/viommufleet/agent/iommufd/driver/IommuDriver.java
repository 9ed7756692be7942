package io.viommufleet.agent.iommufd.driver;

/**
 * Identity of a driver: a domain can only be attached to devices of the driver that made it.
 *
 * @param name of the driver, such as {@code intel-iommu}
 */
public record IommuDriver(String name) {}
