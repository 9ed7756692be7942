package io.viommufleet.deploy.cli;

import io.viommufleet.common.model.GuestReport;
import io.viommufleet.common.model.HostDrift;
import io.viommufleet.common.model.HostFault;
import io.viommufleet.common.model.HostState;
import io.viommufleet.common.wire.FaultTree;
import io.viommufleet.common.wire.GuestStepText;
import io.viommufleet.deploy.view.FleetReport;
import io.viommufleet.deploy.view.HostReport;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/** The keys and values that scripts depend on. What is not there is null. */
final class ReportTree {
    private static final JsonNodeFactory NODES = JsonNodeFactory.instance;

    private ReportTree() {}

    static ObjectNode of(FleetReport report) {
        ObjectNode tree = NODES.objectNode();
        tree.set("vms", vms(report));
        tree.set("hosts", hosts(report));
        tree.putObject("decisions")
                .put("total", report.decisions().total())
                .put("drift", report.decisions().drift());
        return tree;
    }

    static ArrayNode vms(FleetReport report) {
        ArrayNode vms = NODES.arrayNode();
        report.vms().forEach(vm -> vms.add(of(vm)));
        return vms;
    }

    static ArrayNode hosts(FleetReport report) {
        ArrayNode hosts = NODES.arrayNode();
        report.hosts().forEach(host -> hosts.add(of(host)));
        return hosts;
    }

    static ObjectNode of(FleetReport.Vm vm) {
        ObjectNode tree = NODES.objectNode().put("id", vm.id()).put("phase", vm.phase());
        tree.set("host", text(vm.host()));
        tree.put("reason", vm.reason());
        ArrayNode devices = tree.putArray("devices");
        vm.devices().forEach(device -> devices.add(of(device)));
        ArrayNode guest = tree.putArray("guest");
        vm.guest().forEach(report -> guest.add(of(report)));
        return tree;
    }

    private static ObjectNode of(FleetReport.Device device) {
        ObjectNode tree = NODES.objectNode().put("id", device.id());
        tree.set("bdf", text(device.bdf()));
        tree.put("state", device.state()).put("reason", device.reason());
        device.flags().forEach(tree.putArray("flags")::add);
        tree.put("nestingParent", device.nestingParent());
        device.unmet().forEach(tree.putArray("unmet")::add);
        return tree;
    }

    private static ObjectNode of(GuestReport report) {
        ObjectNode tree = NODES.objectNode()
                .put("step", GuestStepText.write(report.step()))
                .put("ok", report.ok());
        ArrayNode calls = tree.putArray("calls");
        report.calls().forEach(call -> calls.add(call.words()));
        tree.set("ioctl", text(report.failure().flatMap(GuestReport.Failure::ioctl)));
        tree.set("errno", text(report.failure().flatMap(GuestReport.Failure::errno)));
        return tree.put(
                "reason", report.failure().map(GuestReport.Failure::reason).orElse(report.note()));
    }

    static ObjectNode of(HostReport host) {
        ObjectNode tree = NODES.objectNode()
                .put("id", host.id())
                .put("state", host.state())
                .put("iommu", host.iommu())
                .put("canNest", host.canNest())
                .put("reason", host.reason())
                .put("devices", host.devices())
                .put("free", host.free());
        host.drift().ifPresent(drift -> tree.set("drift", of(drift)));
        return tree;
    }

    /** Says beside each fault of a written host what it does, as {@code words}. */
    static void addWords(List<HostFault> faults, ObjectNode host) {
        ArrayNode written = NODES.arrayNode();
        faults.forEach(fault -> written.add(FaultTree.write(fault).put("words", fault.words())));
        if (!written.isEmpty()) {
            host.set("faults", written);
        }
    }

    static ObjectNode of(HostDrift drift) {
        ObjectNode tree = NODES.objectNode().put("fromBoot", drift.fromBoot()).put("toBoot", drift.toBoot());
        ArrayNode changes = tree.putArray("changes");
        drift.changes()
                .forEach(change -> changes.addObject()
                        .put("what", change.what())
                        .put("before", change.before())
                        .put("after", change.after()));
        ArrayNode stranded = tree.putArray("stranded");
        drift.stranded()
                .forEach(one -> stranded.addObject()
                        .put("vm", one.vm())
                        .put("device", one.device())
                        .put("bdf", one.bdf().toString())
                        .put("reason", one.reason()));
        return tree;
    }

    /** What the controller holds of a host; the drift apart. */
    static ObjectNode of(HostState held) {
        ObjectNode tree = NODES.objectNode().put("cordoned", held.cordoned());
        tree.set("quarantine", text(held.quarantine()));
        held.quarantinedGroups().forEach(tree.putArray("quarantinedGroups")::add);
        ObjectNode failures = tree.putObject("groupFailures");
        new TreeMap<>(held.groupFailures()).forEach((group, count) -> failures.put(Integer.toString(group), count));
        tree.set("lost", text(held.lost()));
        held.fencedBoots().forEach(tree.putArray("fencedBoots")::add);
        tree.set("boot", text(held.admitted().map(HostState.Admitted::boot)));
        tree.set("incarnation", text(held.admitted().map(HostState.Admitted::incarnation)));
        held.fenced().forEach(tree.putArray("fencedIncarnations")::add);
        return tree;
    }

    private static JsonNode text(Optional<?> value) {
        return value.<JsonNode>map(present -> NODES.stringNode(present.toString()))
                .orElse(NODES.nullNode());
    }
}
