package io.viommufleet.common.input;

import io.viommufleet.common.model.Bdf;
import io.viommufleet.common.model.HostFault;
import io.viommufleet.common.model.HostIommu;
import io.viommufleet.common.model.IommuType;
import io.viommufleet.common.model.Metadata;
import io.viommufleet.common.model.Names;
import io.viommufleet.common.model.ReservedRegion;
import io.viommufleet.common.wire.FaultTree;
import io.viommufleet.common.wire.MemorySize;
import io.viommufleet.common.wire.TreeReader;
import io.viommufleet.common.wire.UnknownKeys;
import io.viommufleet.common.wire.VmTree;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import tools.jackson.databind.JsonNode;

/** Reads a host file: {@code kind: Host}, {@code metadata} and {@code spec}. */
final class HostTree {
    static final String KIND = "Host";
    private static final String BDF = "a PCI address with its domain, such as 0000:3b:00.1";

    private final TreeReader host;
    private final boolean whole;

    private HostTree(TreeReader host, boolean whole) {
        this.host = host;
        this.whole = whole;
    }

    /** A reader's errors, and what it read where there are none. */
    record Result(TreeReader reader, HostOverlay overlay) {}

    /**
     * Reads a host file.
     *
     * @param whole whether it must say all that a host needs, or may add to a scan
     */
    static Result read(JsonNode tree, boolean whole) {
        TreeReader host = TreeReader.of(tree, UnknownKeys.REFUSED);
        return new Result(host, new HostTree(host, whole).read());
    }

    private HostOverlay read() {
        host.parsed("kind", KIND, kind -> Optional.of(kind).filter(KIND::equals));
        Metadata metadata = VmTree.metadata(host);
        host.check("metadata", () -> {
            if (!metadata.name().isEmpty()) {
                Names.requireHost(metadata.name());
            }
        });
        TreeReader spec = host.requiredObject("spec");
        List<HostIommu> iommus =
                spec.objects("iommus").stream().map(HostTree::iommu).toList();
        HostOverlay overlay = new HostOverlay(
                metadata,
                spec.text("kernel"),
                spec.text("vmm"),
                spec.parsed("memory", MemorySize.ALLOWED, MemorySize::parse),
                numaMemory(spec),
                spec.has("kernel-options") ? Optional.of(spec.texts("kernel-options")) : Optional.empty(),
                spec.bool("interrupt-remapping"),
                spec.bool("allow-unsafe-interrupts"),
                iommus,
                devices(spec, iommus),
                spec.has("assignable")
                        ? Optional.of(spec.parsedList("assignable", BDF, VmTree::bdf))
                        : Optional.empty(),
                spec.has("rules-versions") ? Optional.of(spec.texts("rules-versions")) : Optional.empty(),
                faults(spec));
        if (whole) {
            checkLosses(spec, overlay);
            List.of("kernel", "memory").stream().filter(key -> !spec.has(key)).forEach(spec::missing);
        }
        spec.finish();
        host.finish();
        return overlay;
    }

    private static List<HostFault> faults(TreeReader spec) {
        return spec.objects("faults").stream()
                .map(FaultTree::read)
                .flatMap(Optional::stream)
                .toList();
    }

    private static void checkLosses(TreeReader spec, HostOverlay overlay) {
        Set<Bdf> present = new HashSet<>();
        overlay.devices().forEach(device -> present.add(device.bdf()));
        for (HostFault fault : overlay.faults()) {
            if (fault.effect() instanceof HostFault.Effect.Lose(Bdf device) && !present.contains(device)) {
                spec.error("faults", "there is no device %s to lose".formatted(device));
            }
        }
    }

    private static Map<Integer, Long> numaMemory(TreeReader spec) {
        Map<Integer, Long> bytes = new HashMap<>();
        spec.object("numa-memory")
                .ifPresent(numa -> numa.keys().forEach(node -> {
                    if (!node.matches("[0-9]{1,4}")) {
                        numa.error(node, "a key of numa-memory is the number of a node");
                    } else {
                        numa.parsed(node, MemorySize.ALLOWED, MemorySize::parse)
                                .ifPresent(size -> bytes.put(Integer.valueOf(node), size));
                    }
                }));
        return bytes;
    }

    private static HostIommu iommu(TreeReader iommu) {
        String id = iommu.requiredText("id");
        if (!iommu.has("type")) {
            iommu.missing("type");
        }
        IommuType type = iommu.parsed(
                        "type",
                        String.join(
                                ", ",
                                Arrays.stream(IommuType.values())
                                        .map(IommuType::id)
                                        .toList()),
                        HostTree::type)
                .orElse(IommuType.NONE);
        Map<String, Long> registers = new HashMap<>();
        for (String register : registers(type)) {
            iommu.unsigned64(register).ifPresent(value -> registers.put(register, value));
        }
        if (type == IommuType.VIRTIO_IOMMU) {
            iommu.text("range").ifPresent(range -> range(iommu, range, registers));
        }
        iommu.finish();
        return new HostIommu(id, type, registers);
    }

    private static void range(TreeReader iommu, String text, Map<String, Long> registers) {
        Optional<ReservedRegion> range = region(text + " range");
        if (range.isEmpty()) {
            iommu.error("range", "write START-END, both in hexadecimal with 0x, END included");
        }
        range.ifPresent(found -> {
            registers.put("range-start", found.start());
            registers.put("range-end", found.last());
        });
    }

    private static Optional<IommuType> type(String text) {
        return Arrays.stream(IommuType.values())
                .filter(type -> type.id().equals(text))
                .findFirst();
    }

    private static List<String> registers(IommuType type) {
        return switch (type) {
            case INTEL_VTD -> List.of("cap", "ecap");
            case ARM_SMMUV3 -> List.of("idr0", "idr1", "idr2", "idr3", "idr4", "idr5", "iidr", "aidr", "cmdqv-param");
            case AMD_VI -> List.of("efr", "efr2");
            case VIRTIO_IOMMU -> List.of("page-size-mask", "range-start", "range-end");
            case NONE -> List.of();
        };
    }

    private List<DeviceOverlay> devices(TreeReader spec, List<HostIommu> iommus) {
        Set<String> known = new HashSet<>();
        for (HostIommu iommu : iommus) {
            if (!known.add(iommu.id())) {
                spec.error("iommus", "two IOMMUs have the id " + iommu.id());
            }
        }
        Set<Bdf> taken = new HashSet<>();
        return spec.objects("devices").stream()
                .map(device -> device(device, known, taken))
                .flatMap(Optional::stream)
                .toList();
    }

    private Optional<DeviceOverlay> device(TreeReader device, Set<String> iommus, Set<Bdf> taken) {
        if (!device.has("bdf")) {
            device.missing("bdf");
        }
        Optional<Bdf> bdf = device.parsed("bdf", BDF, VmTree::bdf);
        bdf.filter(address -> !taken.add(address))
                .ifPresent(address -> device.error("bdf", "two devices are at " + address));
        if (whole) {
            List.of("vendor", "device").stream().filter(key -> !device.has(key)).forEach(device::missing);
            device.text("iommu")
                    .filter(id -> !iommus.contains(id))
                    .ifPresent(id -> device.error(
                            "iommu",
                            "no IOMMU has the id %s: known are %s"
                                    .formatted(
                                            Text.shown(id),
                                            String.join(
                                                    ", ",
                                                    iommus.stream().sorted().toList()))));
        }
        DeviceOverlay read = overlay(device, bdf.orElse(new Bdf(0, 0, 0, 0)));
        device.finish();
        return bdf.map(address -> read);
    }

    private static DeviceOverlay overlay(TreeReader device, Bdf bdf) {
        return new DeviceOverlay(
                bdf,
                device.integer("vendor", 0, 0xffff),
                device.integer("device", 0, 0xffff),
                device.integer("class", 0, 0xffffff),
                device.integer("group", 0, Integer.MAX_VALUE),
                device.text("iommu"),
                device.integer("numa", 0, 1023),
                device.text("driver").filter(driver -> !driver.equals("none")),
                device.integer("pasid-bits", 0, 20),
                device.parsed("physical-function", BDF, VmTree::bdf),
                device.parsedList("virtual-functions", BDF, VmTree::bdf),
                device.parsedList("reserved-regions", "0xSTART-0xEND TYPE, END included", HostTree::region),
                device.bool("reset"),
                device.bool("migration"));
    }

    /** A region as {@code 0xfee00000-0xfeefffff msi}, or as sysfs prints it, without the dash. */
    private static Optional<ReservedRegion> region(String text) {
        String[] parts = text.strip().split("[\\s-]+", 3);
        if (parts.length != 3) {
            return Optional.empty();
        }
        try {
            ReservedRegion region = new ReservedRegion(hex(parts[0]), hex(parts[1]), parts[2].strip());
            return Optional.of(region).filter(r -> Long.compareUnsigned(r.start(), r.last()) <= 0);
        } catch (NumberFormatException noAddress) {
            return Optional.empty();
        }
    }

    private static long hex(String text) {
        return Long.parseUnsignedLong(text.startsWith("0x") ? text.substring(2) : text, 16);
    }
}
