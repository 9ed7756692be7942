package io.viommufleet.common.input;

import io.viommufleet.common.model.VirtualMachine;
import io.viommufleet.common.viommu.ConfigurationError;
import io.viommufleet.common.viommu.ConfigurationField;
import io.viommufleet.common.viommu.Decision;
import io.viommufleet.common.viommu.DeviceDecision;
import io.viommufleet.common.viommu.Doom;
import io.viommufleet.common.viommu.RulesVersion;
import io.viommufleet.common.viommu.ViommuFlag;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/** What {@code fleet decide} answers about VMs, offline: one entry for each VM. */
public final class DecideReport {
    private DecideReport() {}

    /**
     * The answer about one VM.
     *
     * @param vm its name; empty if it has none
     * @param rulesVersion that decided, or was asked for
     * @param configDigest empty if there is no decision
     */
    public record Entry(
            String source,
            String vm,
            List<ConfigurationError> errors,
            List<Device> devices,
            List<Doom> doomed,
            String rulesVersion,
            String configDigest) {
        public Entry {
            errors = List.copyOf(errors);
            devices = List.copyOf(devices);
            doomed = List.copyOf(doomed);
        }

        /** Whether the VM has a decision. */
        public boolean valid() {
            return errors.isEmpty();
        }
    }

    /** One device, in guest-topology order; {@code followsFrom} keeps the order in which the fields were consulted. */
    public record Device(String id, List<String> flags, boolean nestingParent, Map<String, String> followsFrom) {
        public Device {
            flags = List.copyOf(flags);
        }
    }

    /** The answer about a document; none about a host. */
    static Optional<Entry> of(ParsedDocument document) {
        return switch (document) {
            case ParsedDocument.Vm(String source, VirtualMachine vm) -> Optional.of(of(source, vm));
            case ParsedDocument.Host _, ParsedDocument.Policy _ -> Optional.empty();
            case ParsedDocument.Unusable(String source, String name, List<ConfigurationError> errors) ->
                Optional.of(refused(source, name, errors, RulesVersion.DEFAULT.toString()));
        };
    }

    private static Entry of(String source, VirtualMachine vm) {
        String name = vm.metadata().name();
        String wanted = vm.spec().rulesVersion().orElse(RulesVersion.DEFAULT.toString());
        Optional<RulesVersion> rules = RulesVersion.named(wanted);
        if (rules.isEmpty()) {
            ConfigurationError unknown = new ConfigurationError(
                    "rulesVersion",
                    Text.shown(wanted),
                    "unknown-rules-version",
                    "unknown rules version: known are 1, 2");
            return refused(source, name, List.of(unknown), wanted);
        }
        return switch (vm.spec().configuration().decide(rules.get())) {
            case Decision.Refused no -> refused(source, name, no.errors(), wanted);
            case Decision.Decided decided ->
                new Entry(
                        source,
                        name,
                        List.of(),
                        decided.devices().stream().map(DecideReport::device).toList(),
                        decided.doomed(),
                        wanted,
                        decided.certificate().configDigest());
        };
    }

    private static Entry refused(String source, String name, List<ConfigurationError> errors, String rules) {
        return new Entry(source, name, errors, List.of(), List.of(), rules, "");
    }

    private static Device device(DeviceDecision device) {
        Map<String, String> followsFrom = new LinkedHashMap<>();
        for (ConfigurationField field : device.followsFrom()) {
            followsFrom.put(field.path(), field.value());
        }
        return new Device(
                device.id(),
                device.flags().stream().map(ViommuFlag::name).toList(),
                device.nestingParent(),
                followsFrom);
    }

    /** The answers as the JSON that scripts depend on. */
    public static ArrayNode toJson(List<Entry> entries) {
        ArrayNode all = JsonNodeFactory.instance.arrayNode();
        for (Entry entry : entries) {
            ObjectNode node = all.addObject();
            node.put("source", entry.source()).put("vm", entry.vm()).put("valid", entry.valid());
            ArrayNode errors = node.putArray("errors");
            entry.errors()
                    .forEach(error -> errors.addObject()
                            .put("property", error.property())
                            .put("value", error.value())
                            .put("rule", error.rule())
                            .put("message", error.message()));
            ArrayNode devices = node.putArray("devices");
            entry.devices().forEach(device -> write(devices.addObject(), device));
            ArrayNode doomed = node.putArray("doomed");
            entry.doomed()
                    .forEach(doom -> doomed.addObject()
                            .put("device", doom.device())
                            .put("rule", doom.rule())
                            .put("message", doom.message()));
            node.put("rulesVersion", entry.rulesVersion()).put("configDigest", entry.configDigest());
        }
        return all;
    }

    private static void write(ObjectNode node, Device device) {
        node.put("id", device.id());
        device.flags().forEach(node.putArray("flags")::add);
        node.put("nestingParent", device.nestingParent());
        device.followsFrom().forEach(node.putObject("followsFrom")::put);
    }
}
