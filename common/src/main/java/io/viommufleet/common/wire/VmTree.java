package io.viommufleet.common.wire;

import io.viommufleet.common.model.Bdf;
import io.viommufleet.common.model.ConfigurationSpec;
import io.viommufleet.common.model.DeviceMatch;
import io.viommufleet.common.model.GuestStep;
import io.viommufleet.common.model.Metadata;
import io.viommufleet.common.model.Names;
import io.viommufleet.common.model.PlacementRules;
import io.viommufleet.common.model.PlacementRules.Numa;
import io.viommufleet.common.model.PlacementRules.Strategy;
import io.viommufleet.common.model.VirtualMachine;
import io.viommufleet.common.model.VmSpec;
import io.viommufleet.common.model.VmSpec.OnHostLoss;
import io.viommufleet.common.viommu.GuestDevice;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * A VM as keys and values, the same in YAML files and on the log, so that a request can be published with any Kafka tool:
 * {@code metadata} and {@code spec: {machine, memory, viommus, buses, devices, emulatedEndpoints, placement, onHostLoss,
 * strict, rulesVersion, deleted, guest}}.
 */
public final class VmTree {
    /** The value of {@code kind} in a file; on the log it may be left out. */
    public static final String KIND = "VirtualMachine";

    private static final JsonNodeFactory NODES = JsonNodeFactory.instance;
    private static final DeviceMatch ANY =
            new DeviceMatch(Optional.empty(), Optional.empty(), Optional.empty(), Optional.empty());
    private static final String BDF = "a PCI address with its domain, such as 0000:3b:00.1";

    private VmTree() {}

    /** Reads a whole VM. */
    public static TreeResult<VirtualMachine> read(JsonNode tree, UnknownKeys unknownKeys) {
        TreeReader vm = TreeReader.of(tree, unknownKeys);
        vm.parsed("kind", KIND, kind -> Optional.of(kind).filter(KIND::equals));
        Metadata metadata = metadata(vm);
        vm.check("metadata", () -> {
            if (!metadata.name().isEmpty()) {
                Names.requireName("VM name", metadata.name());
            }
        });
        Optional<VmSpec> spec = spec(vm.requiredObject("spec"));
        vm.finish();
        return TreeResult.of(vm.errors(), () -> new VirtualMachine(metadata, spec.orElseThrow()));
    }

    /** Reads the spec of a VM alone. */
    public static TreeResult<VmSpec> readSpec(JsonNode tree, UnknownKeys unknownKeys) {
        TreeReader reader = TreeReader.of(tree, unknownKeys);
        Optional<VmSpec> spec = spec(reader);
        return TreeResult.of(reader.errors(), spec::orElseThrow);
    }

    /** Reads a configuration alone: the parts of a spec that decide. */
    public static TreeResult<ConfigurationSpec> readConfiguration(JsonNode tree, UnknownKeys unknownKeys) {
        TreeReader reader = TreeReader.of(tree, unknownKeys);
        ConfigurationSpec configuration = ConfigurationTree.read(reader);
        reader.finish();
        return TreeResult.of(reader.errors(), () -> configuration);
    }

    /** Reads {@code metadata: {name, cell, labels}} under its key; the cell is 0 where it is not given. */
    public static Metadata metadata(TreeReader owner) {
        TreeReader metadata = owner.requiredObject("metadata");
        Metadata read = new Metadata(
                metadata.requiredText("name"),
                metadata.integer("cell", 0, Integer.MAX_VALUE).orElse(0),
                metadata.textMap("labels"));
        metadata.finish();
        return read;
    }

    private static Optional<VmSpec> spec(TreeReader spec) {
        ConfigurationSpec configuration = ConfigurationTree.read(spec);
        if (!spec.has("memory")) {
            spec.missing("memory");
        }
        long memoryBytes = spec.parsed(
                        "memory",
                        MemorySize.ALLOWED + ", and more than 0",
                        text -> MemorySize.parse(text).filter(bytes -> bytes > 0))
                .orElse(1L);
        VmSpec read = new VmSpec(
                configuration,
                memoryBytes,
                matches(spec),
                spec.object("placement").map(VmTree::placement).orElse(PlacementRules.ANYWHERE),
                spec.word("onHostLoss", OnHostLoss.class).orElse(OnHostLoss.WAIT),
                spec.bool("strict").orElse(false),
                spec.text("rulesVersion"),
                spec.bool("deleted").orElse(false),
                guest(spec, configuration));
        spec.finish();
        return spec.errors().isEmpty() ? Optional.of(read) : Optional.empty();
    }

    private static Map<String, DeviceMatch> matches(TreeReader spec) {
        Map<String, DeviceMatch> matches = new LinkedHashMap<>();
        int errorsBefore = spec.errors().size();
        List<TreeReader> devices = spec.objects("devices");
        while (spec.errors().size() > errorsBefore) {
            spec.errors().removeLast(); // the configuration reported them already
        }
        for (TreeReader device : devices) {
            DeviceMatch match = device.object("match").map(VmTree::match).orElse(ANY);
            device.text("id").filter(id -> !id.isEmpty()).ifPresent(id -> {
                if (matches.put(id, match) != null) {
                    device.error("id", "device id %s is used twice".formatted(id));
                }
            });
        }
        return matches;
    }

    private static List<GuestStep> guest(TreeReader spec, ConfigurationSpec configuration) {
        List<String> devices =
                configuration.devices().stream().map(GuestDevice::id).toList();
        List<GuestStep> steps = spec.checkedList("guest", text -> {
            GuestStep step = GuestStepText.parse(text);
            step.about().filter(device -> !devices.contains(device)).ifPresent(device -> {
                throw new IllegalArgumentException(GuestStepText.unknown("a device of the VM", device, devices));
            });
            return step;
        });
        if (steps.size() > VmSpec.MAX_GUEST_STEPS) {
            spec.error(
                    "guest",
                    "%d steps are too many; at most %d are run".formatted(steps.size(), VmSpec.MAX_GUEST_STEPS));
            return List.of();
        }
        return steps;
    }

    private static DeviceMatch match(TreeReader match) {
        DeviceMatch read = new DeviceMatch(
                match.integer("vendor", 0, 0xffff),
                match.integer("device", 0, 0xffff),
                match.integer("class", 0, 0xffffff),
                match.parsed("bdf", BDF, VmTree::bdf));
        match.finish();
        return read;
    }

    private static PlacementRules placement(TreeReader placement) {
        List<String> hosts = placement.texts("hosts");
        hosts.forEach(host -> placement.check("hosts", () -> Names.requireHost(host)));
        PlacementRules read = new PlacementRules(
                hosts,
                placement.textMap("labels"),
                placement.text("spread"),
                placement.word("strategy", Strategy.class).orElse(Strategy.SPREAD),
                placement.word("numa", Numa.class).orElse(Numa.PREFER),
                placement.textMap("antiAffinity"),
                placement.text("pool"));
        placement.finish();
        return read;
    }

    /** A PCI address with its domain; empty if the text is none. */
    public static Optional<Bdf> bdf(String text) {
        try {
            return Optional.of(Bdf.parse(text));
        } catch (IllegalArgumentException none) {
            return Optional.empty();
        }
    }

    /** Writes a whole VM, without {@code kind}. */
    public static ObjectNode write(VirtualMachine vm) {
        ObjectNode tree = NODES.objectNode();
        tree.set("metadata", write(vm.metadata()));
        tree.set("spec", write(vm.spec()));
        return tree;
    }

    /** Writes name, cell and labels. */
    public static ObjectNode write(Metadata metadata) {
        ObjectNode tree = NODES.objectNode().put("name", metadata.name()).put("cell", metadata.cell());
        textMap(tree, "labels", metadata.labels());
        return tree;
    }

    /** Writes a spec; what is at its default is left out. */
    public static ObjectNode write(VmSpec spec) {
        ObjectNode tree = write(spec.configuration());
        tree.put("memory", MemorySize.write(spec.memoryBytes()));
        tree.path("devices").forEach(device -> {
            DeviceMatch match = spec.matches().getOrDefault(device.path("id").asString(), ANY);
            if (!match.equals(ANY)) {
                ((ObjectNode) device).set("match", write(match));
            }
        });
        if (!spec.placement().equals(PlacementRules.ANYWHERE)) {
            tree.set("placement", write(spec.placement()));
        }
        tree.put("onHostLoss", TreeReader.word(spec.onHostLoss()));
        tree.put("strict", spec.strict());
        spec.rulesVersion().ifPresent(version -> tree.put("rulesVersion", version));
        tree.put("deleted", spec.deleted());
        if (!spec.guest().isEmpty()) {
            spec.guest().stream().map(GuestStepText::write).forEach(tree.putArray("guest")::add);
        }
        return tree;
    }

    /** Writes a configuration alone. */
    public static ObjectNode write(ConfigurationSpec configuration) {
        ObjectNode tree = NODES.objectNode();
        ConfigurationTree.write(tree, configuration);
        return tree;
    }

    private static ObjectNode write(DeviceMatch match) {
        ObjectNode tree = NODES.objectNode();
        match.vendor().ifPresent(vendor -> tree.put("vendor", "0x%04x".formatted(vendor)));
        match.device().ifPresent(device -> tree.put("device", "0x%04x".formatted(device)));
        match.deviceClass().ifPresent(deviceClass -> tree.put("class", "0x%06x".formatted(deviceClass)));
        match.bdf().ifPresent(bdf -> tree.put("bdf", bdf.toString()));
        return tree;
    }

    private static ObjectNode write(PlacementRules placement) {
        ObjectNode tree = NODES.objectNode();
        if (!placement.hosts().isEmpty()) {
            placement.hosts().forEach(tree.putArray("hosts")::add);
        }
        textMap(tree, "labels", placement.labels());
        placement.spread().ifPresent(label -> tree.put("spread", label));
        if (placement.strategy() != Strategy.SPREAD) {
            tree.put("strategy", TreeReader.word(placement.strategy()));
        }
        if (placement.numa() != Numa.PREFER) {
            tree.put("numa", TreeReader.word(placement.numa()));
        }
        textMap(tree, "antiAffinity", placement.antiAffinity());
        placement.pool().ifPresent(pool -> tree.put("pool", pool));
        return tree;
    }

    private static void textMap(ObjectNode tree, String key, Map<String, String> values) {
        if (!values.isEmpty()) {
            ObjectNode map = tree.putObject(key);
            new TreeMap<>(values).forEach(map::put);
        }
    }
}
