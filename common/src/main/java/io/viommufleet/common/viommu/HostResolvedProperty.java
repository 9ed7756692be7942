package io.viommufleet.common.viommu;

/**
 * A property whose value QEMU resolves from the host of the first attach, without any effect on the flags. The resolved
 * value is frozen there and carried with the placement, outside the certificate.
 *
 * @param viommu the index of the vIOMMU in the canonical configuration
 * @param property the property's canonical name, such as {@code granule}
 * @param value what the configuration says: {@code host} or {@code auto}
 */
public record HostResolvedProperty(int viommu, String property, String value) {}
