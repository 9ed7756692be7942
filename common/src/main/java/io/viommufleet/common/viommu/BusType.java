package io.viommufleet.common.viommu;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/** A PCI device that makes a bus, by the bus that it makes. */
@SuppressWarnings("ImmutableEnumChecker") // its collections and tables are immutable, which the checker cannot see
public enum BusType {
    PCIE_ROOT_PORT("pcie-root-port", true, "ioh3420"),
    /** An expander: a root bus of its own, hanging off the machine's root bus. */
    PXB_PCIE("pxb-pcie", true, "pcie-expander-bus"),
    /** The conventional expander. */
    PXB("pxb", false, "pci-expander-bus"),
    PCIE_TO_PCI_BRIDGE("pcie-to-pci-bridge", false, "pcie-pci-bridge"),
    PCI_BRIDGE("pci-bridge", false),
    DMI_TO_PCI_BRIDGE("dmi-to-pci-bridge", false, "i82801b11-bridge", "i82801b11"),
    SWITCH_UPSTREAM_PORT("pcie-switch-upstream-port", true, "x3130-upstream"),
    SWITCH_DOWNSTREAM_PORT("pcie-switch-downstream-port", true, "xio3130-downstream");

    private final String text;
    private final boolean express;
    private final List<String> otherNames;

    BusType(String text, boolean express, String... otherNames) {
        this.text = text;
        this.express = express;
        this.otherNames = List.of(otherNames);
    }

    /** The type with this name: ours, QEMU's device name or libvirt's controller model. */
    public static Optional<BusType> named(String text) {
        return Arrays.stream(values())
                .filter(type -> type.text.equals(text) || type.otherNames.contains(text))
                .findFirst();
    }

    /** Whether the bus is PCI Express; requests from a conventional bus carry an alias, not the device's own id. */
    public boolean express() {
        return express;
    }

    /** Whether the bus is a root bus of its own: only such a bus has a bypass switch. */
    public boolean expander() {
        return this == PXB_PCIE || this == PXB;
    }

    /** Whether the bus has the one slot 0 only. */
    boolean port() {
        return this == PCIE_ROOT_PORT || this == SWITCH_DOWNSTREAM_PORT;
    }

    /** Our name of the type. */
    @Override
    public String toString() {
        return text;
    }
}
