package io.viommufleet.common.viommu;

import java.util.Optional;

/** What a passthrough device is to VFIO, as declared in the configuration. */
public enum DeviceKind {
    /** A whole PCI function, or a virtual function of one. */
    PCI("pci"),
    /** A mediated device: it has no HWPT of its own, and the flags are not consulted. */
    MDEV("mdev"),
    /** A platform device: no PCI device, so it asks no vIOMMU. */
    PLATFORM("platform");

    private final String text;

    DeviceKind(String text) {
        this.text = text;
    }

    /** The value with the name {@code text}. */
    public static Optional<DeviceKind> named(String text) {
        return Names.find(values(), DeviceKind::toString, text);
    }

    /** The name that users and QEMU write. */
    @Override
    public String toString() {
        return text;
    }
}
