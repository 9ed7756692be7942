package io.viommufleet.common.wire;

import io.viommufleet.common.model.ConfigurationSpec;
import io.viommufleet.common.model.Names;
import io.viommufleet.common.model.ViommuSpec;
import io.viommufleet.common.viommu.Bus;
import io.viommufleet.common.viommu.BusType;
import io.viommufleet.common.viommu.DeviceBackend;
import io.viommufleet.common.viommu.DeviceKind;
import io.viommufleet.common.viommu.EmulatedEndpoint;
import io.viommufleet.common.viommu.GuestDevice;
import io.viommufleet.common.viommu.GuestSlot;
import io.viommufleet.common.viommu.KernelIrqchip;
import io.viommufleet.common.viommu.Machine;
import io.viommufleet.common.viommu.Property;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * The configuration part of a VM's spec as keys and values, in QEMU's words: {@code machine}, {@code viommus}, {@code buses},
 * {@code devices} and {@code emulatedEndpoints}.
 *
 * <p>{@code machine} is the type alone, or an object with its options. A vIOMMU's properties stand beside its {@code model};
 * one that was given several times has a list of values.
 */
final class ConfigurationTree {
    private static final JsonNodeFactory NODES = JsonNodeFactory.instance;
    private static final int HIGHEST_APIC_ID = Integer.MAX_VALUE;
    private static final String SLOT = "a slot such as 1f or 1f.7, in hexadecimal";

    private ConfigurationTree() {}

    static ConfigurationSpec read(TreeReader spec) {
        return new ConfigurationSpec(
                machine(spec),
                spec.objects("viommus").stream().map(ConfigurationTree::viommu).toList(),
                spec.objects("buses").stream().map(ConfigurationTree::bus).toList(),
                spec.objects("devices").stream().map(ConfigurationTree::device).toList(),
                spec.objects("emulatedEndpoints").stream()
                        .map(ConfigurationTree::endpoint)
                        .toList());
    }

    private static Machine machine(TreeReader spec) {
        if (spec.find("machine").filter(JsonNode::isObject).isEmpty()) {
            return Machine.ofType(spec.requiredText("machine"));
        }
        TreeReader machine = spec.requiredObject("machine");
        Machine read = new Machine(
                machine.requiredText("type"),
                machine.bool("default-bus-bypass-iommu"),
                machine.parsed("kernel-irqchip", "on, off or split", KernelIrqchip::named),
                machine.integer("highest-apic-id", 0, HIGHEST_APIC_ID));
        machine.finish();
        return read;
    }

    private static ViommuSpec viommu(TreeReader viommu) {
        String model = viommu.requiredText("model");
        List<Property> properties = new ArrayList<>();
        for (String name : viommu.keys()) {
            if (!name.equals("model")) {
                List<String> values =
                        viommu.find(name).filter(JsonNode::isArray).isPresent()
                                ? viommu.texts(name)
                                : viommu.text(name).stream().toList();
                values.forEach(value -> properties.add(new Property(name, value)));
            }
        }
        return new ViommuSpec(model, properties);
    }

    private static Bus bus(TreeReader bus) {
        Bus read = new Bus(
                bus.requiredText("id"),
                bus.has("type")
                        ? bus.parsed("type", names(BusType.values()), BusType::named)
                                .orElse(BusType.PCIE_ROOT_PORT)
                        : missingType(bus),
                bus.text("parent"),
                bus.bool("bypass-iommu"),
                bus.parsed("addr", SLOT, GuestSlot::parse));
        bus.finish();
        return read;
    }

    private static BusType missingType(TreeReader bus) {
        bus.missing("type");
        return BusType.PCIE_ROOT_PORT;
    }

    private static GuestDevice device(TreeReader device) {
        String id = device.requiredText("id");
        device.check("id", () -> Names.requireName("device id", id));
        GuestDevice read = new GuestDevice(
                id,
                device.parsed("kind", names(DeviceKind.values()), DeviceKind::named)
                        .orElse(DeviceKind.PCI),
                device.parsed("backend", names(DeviceBackend.values()), DeviceBackend::named)
                        .orElse(DeviceBackend.IOMMUFD),
                device.text("bus"),
                device.parsed("addr", SLOT, GuestSlot::parse));
        device.find("match"); // belongs to placement, which reads it
        device.finish();
        return read;
    }

    private static EmulatedEndpoint endpoint(TreeReader endpoint) {
        EmulatedEndpoint read = new EmulatedEndpoint(endpoint.requiredText("id"), endpoint.text("bus"));
        endpoint.finish();
        return read;
    }

    static void write(ObjectNode spec, ConfigurationSpec configuration) {
        spec.set("machine", machine(configuration.machine()));
        list(
                spec,
                "viommus",
                configuration.viommus().stream().map(ConfigurationTree::viommu).toList());
        list(
                spec,
                "buses",
                configuration.buses().stream().map(ConfigurationTree::bus).toList());
        list(
                spec,
                "devices",
                configuration.devices().stream().map(ConfigurationTree::device).toList());
        list(
                spec,
                "emulatedEndpoints",
                configuration.emulatedEndpoints().stream()
                        .map(ConfigurationTree::endpoint)
                        .toList());
    }

    private static void list(ObjectNode spec, String key, List<ObjectNode> items) {
        if (!items.isEmpty()) {
            spec.putArray(key).addAll(items);
        }
    }

    private static JsonNode machine(Machine machine) {
        if (machine.equals(Machine.ofType(machine.type()))) {
            return NODES.stringNode(machine.type());
        }
        ObjectNode node = NODES.objectNode().put("type", machine.type());
        onOff(node, "default-bus-bypass-iommu", machine.defaultBusBypassIommu());
        text(node, "kernel-irqchip", machine.kernelIrqchip());
        machine.highestApicId().ifPresent(id -> node.put("highest-apic-id", id));
        return node;
    }

    private static ObjectNode viommu(ViommuSpec viommu) {
        ObjectNode node = NODES.objectNode().put("model", viommu.model());
        Map<String, List<String>> values = new LinkedHashMap<>();
        viommu.properties()
                .forEach(property -> values.computeIfAbsent(property.name(), name -> new ArrayList<>())
                        .add(property.value()));
        values.forEach((name, all) -> {
            if (all.size() == 1) {
                node.put(name, all.getFirst());
            } else {
                ArrayNode repeated = node.putArray(name);
                all.forEach(repeated::add);
            }
        });
        return node;
    }

    private static ObjectNode bus(Bus bus) {
        ObjectNode node =
                NODES.objectNode().put("id", bus.id()).put("type", bus.type().toString());
        text(node, "parent", bus.parent());
        onOff(node, "bypass-iommu", bus.bypassIommu());
        text(node, "addr", bus.slot());
        return node;
    }

    private static ObjectNode device(GuestDevice device) {
        ObjectNode node = NODES.objectNode()
                .put("id", device.id())
                .put("kind", device.kind().toString())
                .put("backend", device.backend().toString());
        text(node, "bus", device.bus());
        text(node, "addr", device.slot());
        return node;
    }

    private static ObjectNode endpoint(EmulatedEndpoint endpoint) {
        ObjectNode node = NODES.objectNode().put("id", endpoint.id());
        text(node, "bus", endpoint.bus());
        return node;
    }

    private static void text(ObjectNode node, String key, Optional<?> value) {
        value.ifPresent(present -> node.put(key, present.toString()));
    }

    private static void onOff(ObjectNode node, String key, Optional<Boolean> value) {
        value.ifPresent(on -> node.put(key, on ? "on" : "off"));
    }

    private static String names(Object[] values) {
        return io.viommufleet.common.viommu.Names.list(Arrays.stream(values));
    }
}
