package io.viommufleet.agent.host;

import io.viommufleet.common.feasibility.KernelVersion;
import io.viommufleet.common.model.Bdf;
import io.viommufleet.common.model.HostDevice;
import io.viommufleet.common.model.HostIommu;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/** The PCI functions in {@code /sys/bus/pci/devices}. */
final class PciScanner {
    private final SysfsTree tree;
    private final Sources sources;
    private final Optional<KernelVersion> kernel;
    private final Set<String> iommus;

    PciScanner(SysfsTree tree, Sources sources, Optional<KernelVersion> kernel, List<HostIommu> iommus) {
        this.tree = tree;
        this.sources = sources;
        this.kernel = kernel;
        this.iommus = iommus.stream().map(HostIommu::id).collect(Collectors.toSet());
    }

    List<HostDevice> scan() {
        List<HostDevice> found = new ArrayList<>();
        for (String name : tree.names(PciFunction.DEVICES)) {
            address(name)
                    .ifPresentOrElse(
                            bdf -> new PciFunction(tree, sources, bdf)
                                    .read(kernel, iommus)
                                    .ifPresent(found::add),
                            () -> sources.note("devices." + name, "left out: not an address with a domain of 16 bits"));
        }
        sources.unknown("devices.*.migration", "sysfs does not show whether a driver can migrate a device");
        return found;
    }

    /** An address as sysfs names a function; empty for a domain beyond 16 bits, too. */
    static Optional<Bdf> address(String name) {
        try {
            return Optional.of(Bdf.parse(name));
        } catch (IllegalArgumentException other) {
            return Optional.empty();
        }
    }
}
