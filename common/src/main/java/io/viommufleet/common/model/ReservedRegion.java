package io.viommufleet.common.model;

/**
 * A range of IOVA that a device reserves, as sysfs lists it in {@code reserved_regions}.
 *
 * @param start first address, unsigned 64 bits
 * @param last last address, inclusive
 * @param type the kernel's word: direct, direct-relaxable, reserved, msi, msi-software
 */
public record ReservedRegion(long start, long last, String type) {}
