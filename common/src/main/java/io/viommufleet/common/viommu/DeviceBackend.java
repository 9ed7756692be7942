package io.viommufleet.common.viommu;

import java.util.Optional;

/** How VFIO reaches the host IOMMU for a passthrough device, as declared in the configuration. */
public enum DeviceBackend {
    IOMMUFD("iommufd"),
    /** The VFIO group and container (type 1). */
    LEGACY("legacy");

    private final String text;

    DeviceBackend(String text) {
        this.text = text;
    }

    /** The value with the name {@code text}. */
    public static Optional<DeviceBackend> named(String text) {
        return Names.find(values(), DeviceBackend::toString, text);
    }

    /** The name that users and QEMU write. */
    @Override
    public String toString() {
        return text;
    }
}
