package io.viommufleet.agent.host;

import io.viommufleet.common.feasibility.KernelVersion;
import io.viommufleet.common.model.Bdf;
import io.viommufleet.common.model.HostDevice;
import io.viommufleet.common.model.ReservedRegion;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** One PCI function as sysfs shows it. What it does not show is noted as unknown, with the reason. */
final class PciFunction {
    static final String DEVICES = "sys/bus/pci/devices/";

    private static final String GROUPS = "sys/kernel/iommu_groups/";
    private static final KernelVersion SHOWS_RESET_METHODS = new KernelVersion(5, 15);

    private final SysfsTree tree;
    private final Sources sources;
    private final Bdf bdf;
    private final String path;
    private final String name;

    PciFunction(SysfsTree tree, Sources sources, Bdf bdf) {
        this.tree = tree;
        this.sources = sources;
        this.bdf = bdf;
        this.path = DEVICES + bdf + "/";
        this.name = "devices." + bdf + ".";
    }

    /**
     * The function; empty, and noted, when not even its identity can be read.
     *
     * @param kernel version of the host, if it is known
     * @param iommus ids of the IOMMUs that were found
     */
    Optional<HostDevice> read(Optional<KernelVersion> kernel, Set<String> iommus) {
        Optional<Integer> vendor = hex("vendor", 16);
        Optional<Integer> device = hex("device", 16);
        Optional<Integer> deviceClass = hex("class", 24);
        if (vendor.isEmpty() || device.isEmpty() || deviceClass.isEmpty()) {
            sources.note("devices." + bdf, "left out: vendor, device or class cannot be read");
            return Optional.empty();
        }
        Optional<Integer> group = group();
        Optional<String> driver = tree.linkName(path + "driver");
        Optional<Bdf> physicalFunction = tree.linkName(path + "physfn").flatMap(PciScanner::address);
        return Optional.of(new HostDevice(
                bdf,
                vendor.get(),
                device.get(),
                deviceClass.get(),
                group,
                iommu(group, iommus),
                numa(),
                driver,
                pasidBits(physicalFunction),
                physicalFunction,
                virtualFunctions(),
                group.map(this::regions).orElse(List.of()),
                canReset(kernel),
                Optional.empty(),
                cdev(driver)));
    }

    private Optional<Integer> group() {
        Optional<String> link = tree.linkName(path + "iommu_group");
        if (link.isEmpty()) {
            sources.note(name + "group", "none: no iommu_group link, so VFIO cannot have it");
        }
        Optional<Integer> number = link.flatMap(Numbers::natural);
        if (link.isPresent() && number.isEmpty()) {
            sources.unknown(name + "group", "iommu_group links to '%s', which is no number".formatted(link.get()));
        }
        return number;
    }

    private Optional<String> iommu(Optional<Integer> group, Set<String> iommus) {
        Optional<String> link = tree.linkName(path + "iommu");
        Optional<String> found = link.filter(iommus::contains);
        if (found.isEmpty() && link.isPresent()) {
            sources.unknown(name + "iommu", "behind %s, which is no IOMMU found here".formatted(link.get()));
        } else if (found.isEmpty() && group.isPresent()) {
            sources.unknown(name + "iommu", "in an iommu group, but no iommu link");
        }
        return found;
    }

    private Optional<Integer> numa() {
        Optional<String> text = tree.text(path + "numa_node");
        Optional<Integer> node = text.flatMap(Numbers::natural);
        if (node.isEmpty()) {
            sources.unknown(
                    name + "numa", text.map("numa_node is %s"::formatted).orElse("no numa_node"));
        }
        return node;
    }

    private List<Bdf> virtualFunctions() {
        return tree.names(path).stream()
                .filter(entry -> entry.startsWith("virtfn"))
                .flatMap(entry -> tree.linkName(path + entry).flatMap(PciScanner::address).stream())
                .sorted()
                .toList();
    }

    /** A virtual function has no PASID capability of its own: it shares its physical function's (PCIe, PASID capability). */
    private int pasidBits(Optional<Bdf> physicalFunction) {
        String holder =
                physicalFunction.map(physical -> DEVICES + physical + "/").orElse(path);
        Optional<Integer> bits = tree.bytes(holder + "config").flatMap(PciConfigSpace::pasidBits);
        if (bits.isEmpty()) {
            sources.unknown(
                    name + "pasid-bits",
                    "%sconfig is absent or cut short, as for readers without privileges".formatted(holder));
        }
        return bits.orElse(0);
    }

    /**
     * The kernel shows {@code reset_method} for a function that it can reset, and nothing for others. An empty one says that
     * its methods were taken away.
     */
    private Optional<Boolean> canReset(Optional<KernelVersion> kernel) {
        if (tree.has(path + "reset_method")) {
            boolean methods = tree.text(path + "reset_method").isPresent();
            if (!methods) {
                sources.note(name + "reset", "reset_method is empty");
            }
            return Optional.of(methods);
        }
        if (tree.has(path + "reset")) {
            return Optional.of(true);
        }
        if (kernel.filter(version -> version.atLeast(SHOWS_RESET_METHODS)).isPresent()) {
            return Optional.of(false);
        }
        sources.unknown(
                name + "reset",
                kernel.map(version -> "kernel %s does not show reset methods".formatted(version))
                        .orElse("no reset_method, and the kernel version is unknown"));
        return Optional.empty();
    }

    private Optional<String> cdev(Optional<String> driver) {
        Optional<String> file = tree.names(path + "vfio-dev").stream()
                .filter(entry -> entry.startsWith("vfio"))
                .findFirst();
        if (file.isEmpty() && driver.filter(bound -> bound.startsWith("vfio")).isPresent()) {
            sources.note(name + "cdev", "none: no vfio-dev, although %s is its driver".formatted(driver.get()));
        }
        return file;
    }

    private List<ReservedRegion> regions(int group) {
        String file = GROUPS + group + "/reserved_regions";
        if (!tree.has(file)) {
            sources.unknown(name + "reserved-regions", "no " + file);
        }
        List<ReservedRegion> regions = new ArrayList<>();
        for (String line : tree.text(file).stream().flatMap(String::lines).toList()) {
            region(line)
                    .ifPresentOrElse(
                            regions::add,
                            () -> sources.unknown(
                                    name + "reserved-regions", "%s has a line that is no region".formatted(file)));
        }
        return regions;
    }

    private static Optional<ReservedRegion> region(String line) {
        String[] words = line.strip().split("\\s+", -1);
        if (words.length != 3) {
            return Optional.empty();
        }
        return Numbers.hex(words[0])
                .flatMap(start -> Numbers.hex(words[1]).map(last -> new ReservedRegion(start, last, words[2])))
                .filter(region -> Long.compareUnsigned(region.start(), region.last()) <= 0);
    }

    private Optional<Integer> hex(String file, int bits) {
        return tree.text(path + file).flatMap(text -> Numbers.hex(text, bits));
    }
}
