package io.viommufleet.agent.host;

import io.viommufleet.common.feasibility.KernelVersion;
import io.viommufleet.common.model.Bdf;
import io.viommufleet.common.model.HostDevice;
import io.viommufleet.common.model.HostIommu;
import io.viommufleet.common.model.IommuType;
import io.viommufleet.common.model.ReservedRegion;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The PCI functions in {@code /sys/bus/pci/devices}. */
final class PciScanner {
    private static final String DEVICES = "sys/bus/pci/devices/";
    private static final KernelVersion SHOWS_RESET_METHODS = new KernelVersion(5, 15);

    private final SysfsTree tree;
    private final Sources sources;
    private final Optional<KernelVersion> kernel;
    private final Map<String, IommuType> iommus = new HashMap<>();

    PciScanner(SysfsTree tree, Sources sources, Optional<KernelVersion> kernel, List<HostIommu> iommus) {
        this.tree = tree;
        this.sources = sources;
        this.kernel = kernel;
        iommus.forEach(iommu -> this.iommus.put(iommu.id(), iommu.type()));
    }

    List<HostDevice> scan() {
        List<HostDevice> found = new ArrayList<>();
        for (String name : tree.names(DEVICES)) {
            bdf(name)
                    .flatMap(this::scan)
                    .ifPresentOrElse(found::add, () -> sources.note("devices." + name, "cannot be made out: left out"));
        }
        return found;
    }

    private Optional<HostDevice> scan(Bdf bdf) {
        String path = DEVICES + bdf + "/";
        Optional<Integer> vendor = hex(path + "vendor", 16);
        Optional<Integer> device = hex(path + "device", 16);
        Optional<Integer> deviceClass = hex(path + "class", 24);
        if (vendor.isEmpty() || device.isEmpty() || deviceClass.isEmpty()) {
            return Optional.empty();
        }
        Optional<Integer> group = tree.linkName(path + "iommu_group").flatMap(Numbers::natural);
        Optional<String> iommu = tree.linkName(path + "iommu").filter(iommus::containsKey);
        return Optional.of(new HostDevice(
                bdf,
                vendor.get(),
                device.get(),
                deviceClass.get(),
                group,
                iommu,
                tree.text(path + "numa_node").flatMap(Numbers::natural), // -1 is the kernel's word for unknown
                tree.linkName(path + "driver"),
                pasidBits(bdf, path),
                tree.linkName(path + "physfn").flatMap(PciScanner::bdf),
                virtualFunctions(path),
                group.map(number -> regions(number, iommu)).orElse(List.of()),
                canReset(bdf, path),
                Optional.empty()));
    }

    private List<Bdf> virtualFunctions(String path) {
        return tree.names(path).stream()
                .filter(name -> name.startsWith("virtfn"))
                .flatMap(name -> tree.linkName(path + name).flatMap(PciScanner::bdf).stream())
                .sorted()
                .toList();
    }

    private int pasidBits(Bdf bdf, String path) {
        Optional<Integer> bits = tree.bytes(path + "config").flatMap(PciConfigSpace::pasidBits);
        if (bits.isEmpty()) {
            sources.unknown("devices." + bdf + ".pasid-bits");
        }
        return bits.orElse(0);
    }

    /** The kernel shows {@code reset_method} for a function that it can reset, and nothing for others. */
    private Optional<Boolean> canReset(Bdf bdf, String path) {
        if (tree.text(path + "reset_method").isPresent() || tree.has(path + "reset")) {
            return Optional.of(true);
        }
        if (kernel.filter(version -> version.atLeast(SHOWS_RESET_METHODS)).isPresent()) {
            return Optional.of(false);
        }
        sources.unknown("devices." + bdf + ".reset");
        return Optional.empty();
    }

    private List<ReservedRegion> regions(int group, Optional<String> iommu) {
        Optional<IommuType> type = iommu.map(iommus::get);
        return tree.text("sys/kernel/iommu_groups/" + group + "/reserved_regions")
                .orElse("")
                .lines()
                .flatMap(line -> region(line).stream())
                .filter(region -> !ofTheDriver(region, type))
                .toList();
    }

    private static Optional<ReservedRegion> region(String line) {
        String[] words = line.strip().split("\\s+", -1);
        if (words.length != 3) {
            return Optional.empty();
        }
        return Numbers.hex(words[0])
                .flatMap(start -> Numbers.hex(words[1]).map(last -> new ReservedRegion(start, last, words[2])));
    }

    /** What the IOMMU's driver reserves for every device: the MSI window, and on AMD the HyperTransport range. */
    private static boolean ofTheDriver(ReservedRegion region, Optional<IommuType> type) {
        boolean hyperTransport = type.filter(IommuType.AMD_VI::equals).isPresent()
                && region.start() == 0xfd_0000_0000L
                && region.last() == 0xff_ffff_ffffL;
        return region.type().equals("msi") || hyperTransport;
    }

    private Optional<Integer> hex(String path, int bits) {
        return tree.text(path).flatMap(text -> Numbers.hex(text, bits));
    }

    /** An address as sysfs names a function; empty for a domain beyond 16 bits, too. */
    private static Optional<Bdf> bdf(String name) {
        try {
            return Optional.of(Bdf.parse(name));
        } catch (IllegalArgumentException other) {
            return Optional.empty();
        }
    }
}
