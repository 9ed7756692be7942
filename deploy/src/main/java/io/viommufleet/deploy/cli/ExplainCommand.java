package io.viommufleet.deploy.cli;

import io.viommufleet.common.FleetError;
import io.viommufleet.common.model.Phase;
import io.viommufleet.common.model.Placement;
import io.viommufleet.common.model.Policy;
import io.viommufleet.common.viommu.ConfigurationField;
import io.viommufleet.common.viommu.DeviceDecision;
import io.viommufleet.common.viommu.ViommuFlag;
import io.viommufleet.controller.placement.HostVerdict;
import io.viommufleet.deploy.view.FleetReport;
import io.viommufleet.deploy.view.FleetState;
import io.viommufleet.deploy.view.FleetState.CellKey;
import io.viommufleet.deploy.view.FleetView;
import io.viommufleet.deploy.view.PlacementQuestion;
import io.viommufleet.deploy.view.Strandings;
import io.viommufleet.deploy.view.VmTrace;
import io.viommufleet.deploy.view.WhatNext;
import java.io.PrintStream;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Why a VM is what it is. */
@Command(
        name = "explain",
        mixinStandardHelpOptions = true,
        description =
                "Says of a VM why its devices are nested or not, why it is here, why not there, what happened, what is"
                        + " next.")
final class ExplainCommand implements Callable<Integer> {
    private final Terminal terminal;

    @Mixin
    private final KafkaOptions kafka = new KafkaOptions();

    @Mixin
    private final Output output = new Output();

    @Option(names = "--cell", paramLabel = "N", description = "The cell of the VM, where several cells have the name.")
    private Optional<Integer> cell = Optional.empty();

    @Option(names = "--trace", description = "Also show the ioctls of the VM's VMM, call by call.")
    private boolean traced;

    @Option(names = "--jsonl", description = "Print only the trace, as JSON lines that \"fleet conformance\" replays.")
    private boolean jsonLines;

    @Parameters(paramLabel = "VM", description = "The name of a VM.")
    private String name = "";

    ExplainCommand(Terminal terminal) {
        this.terminal = terminal;
    }

    @Override
    public Integer call() {
        try (FleetView view = FleetView.open(kafka.connection())) {
            FleetState state = view.state();
            Map.Entry<CellKey<String>, Placement> found = Lookup.one("VM", state.placements(), name, cell);
            Placement placement = found.getValue();
            Optional<VmTrace> trace = traced || jsonLines ? trace(view, found) : Optional.empty();
            if (jsonLines) {
                return printLines(trace);
            }
            FleetReport.Vm vm = FleetReport.vm(state, found.getKey(), placement);
            List<HostVerdict> verdicts = PlacementQuestion.verdicts(state, found.getKey(), placement);
            List<String> strandings = Strandings.of(state, found.getKey());
            List<String> next = WhatNext.of(state, found.getKey(), placement);
            ObjectNode tree = tree(vm, placement, verdicts, strandings);
            next.forEach(tree.putArray("next")::add);
            trace.ifPresent(calls -> tree.set("trace", TraceLines.calls(calls)));
            output.print(terminal, tree, () -> {
                wants(placement);
                happened(vm, placement);
                GuestLines.print(terminal.out(), vm.guest());
                strandings.forEach(line -> terminal.out().println("  stranded: " + line));
                hosts(placement, verdicts);
                terminal.out().println("What is next:");
                next.forEach(line -> terminal.out().println("  " + line));
                trace.ifPresentOrElse(calls -> TraceLines.print(terminal, calls), this::tellNoTrace);
            });
        }
        return 0;
    }

    private Optional<VmTrace> trace(FleetView view, Map.Entry<CellKey<String>, Placement> vm) {
        return vm.getValue()
                .active()
                .flatMap(leg -> VmTrace.read(
                        kafka.connection(),
                        view.layout(),
                        vm.getKey().cell(),
                        leg.host(),
                        vm.getKey().key()));
    }

    private int printLines(Optional<VmTrace> trace) {
        if (trace.isEmpty()) {
            terminal.say("fleet: the log has no trace of " + name);
            return FleetError.NOT_FOUND.exitCode();
        }
        trace.get().lines().forEach(terminal.out()::println);
        terminal.out().flush();
        return 0;
    }

    private void tellNoTrace() {
        if (traced) {
            terminal.out().println("The log has no trace of it: traces are kept for a day.");
        }
    }

    private void wants(Placement placement) {
        PrintStream out = terminal.out();
        if (placement.decision().isEmpty()) {
            out.println("%s is refused: its configuration decides nothing.".formatted(placement.key()));
            placement
                    .errors()
                    .forEach(error -> out.println("  %s = %s: %s [%s]"
                            .formatted(error.property(), error.value(), error.message(), error.rule())));
            return;
        }
        Placement.Admission admission = placement.decision().get();
        out.println("What it wants (rules version %s, digest %s), whatever the host:"
                .formatted(
                        admission.certificate().rulesVersion(),
                        admission.certificate().configDigest()));
        for (DeviceDecision device : admission.certificate().devices()) {
            out.println("  %s: %s".formatted(device.id(), want(device)));
            out.println("    because " + because(device));
        }
        admission
                .doomed()
                .forEach(doom -> out.println("  %s can be attached on no host: %s [%s]"
                        .formatted(doom.device(), doom.message(), doom.rule())));
    }

    private static String want(DeviceDecision device) {
        String flags = device.flags().isEmpty()
                ? "no flags"
                : device.flags().stream().map(ViommuFlag::name).collect(Collectors.joining(", "));
        return (device.nestingParent() ? "a nesting parent" : "a plain HWPT, no nesting parent") + " (" + flags + ")";
    }

    private static String because(DeviceDecision device) {
        if (device.viommu().isEmpty()) {
            return device.bypass() ? "its root bus bypasses the vIOMMU" : "no vIOMMU governs it";
        }
        return device.followsFrom().stream().map(ExplainCommand::field).collect(Collectors.joining(", "));
    }

    private static String field(ConfigurationField field) {
        return field.path() + " is " + field.value();
    }

    private void happened(FleetReport.Vm vm, Placement placement) {
        PrintStream out = terminal.out();
        out.println("What happened: %s%s%s"
                .formatted(
                        vm.phase(),
                        vm.host().map(host -> " on " + host).orElse(""),
                        vm.reason().isEmpty() ? "" : ", " + vm.reason()));
        for (FleetReport.Device device : vm.devices()) {
            out.println("  %s%s: %s%s%s"
                    .formatted(
                            device.id(),
                            device.bdf().map(bdf -> " = " + bdf).orElse(""),
                            device.state(),
                            device.reason().isEmpty() ? "" : ", " + device.reason(),
                            device.unmet().isEmpty() ? "" : ", without " + String.join(", ", device.unmet())));
        }
        tenant(placement).ifPresent(tenant -> out.println("  its tenant: " + tenant));
        placement
                .attempts()
                .forEach(attempt -> out.println("  failed on %s: %s".formatted(attempt.host(), attempt.reason())));
        placement
                .resolvedValues()
                .forEach((path, value) -> out.println("  frozen at the first attach: %s = %s".formatted(path, value)));
    }

    private static Optional<String> tenant(Placement placement) {
        return Optional.ofNullable(placement.metadata().labels().get(Policy.TENANT_LABEL));
    }

    private void hosts(Placement placement, List<HostVerdict> verdicts) {
        if (verdicts.isEmpty() || placement.phase() == Phase.INFEASIBLE) {
            return;
        }
        terminal.out().println("What each host is to it:");
        Optional<String> chosen = placement.active().map(Placement.Leg::host);
        boolean pinned = placement.spec().placement().pinned();
        for (HostVerdict verdict : verdicts) {
            boolean here = chosen.equals(Optional.of(verdict.host()));
            String mark = here ? (pinned ? " (pinned by the VM)" : " (chosen)") : "";
            String words = verdict.feasible()
                    ? "could run it"
                    : verdict.obstacle().orElseThrow().summary() + ": " + verdict.reason();
            terminal.out().println("  %s%s: %s".formatted(verdict.host(), mark, words));
        }
    }

    private static ObjectNode tree(
            FleetReport.Vm vm, Placement placement, List<HostVerdict> verdicts, List<String> strandings) {
        ObjectNode tree = ReportTree.of(vm);
        placement.decision().ifPresent(admission -> {
            ObjectNode decision = tree.putObject("decision")
                    .put("rulesVersion", admission.certificate().rulesVersion().toString())
                    .put("configDigest", admission.certificate().configDigest());
            ObjectNode followsFrom = decision.putObject("followsFrom");
            admission.certificate().devices().forEach(device -> {
                ObjectNode fields = followsFrom.putObject(device.id());
                device.followsFrom().forEach(field -> fields.put(field.path(), field.value()));
            });
        });
        tenant(placement).ifPresent(tenant -> tree.put("tenant", tenant));
        ArrayNode attempts = tree.putArray("attempts");
        placement
                .attempts()
                .forEach(attempt ->
                        attempts.addObject().put("host", attempt.host()).put("reason", attempt.reason()));
        ArrayNode stranded = tree.putArray("stranded");
        strandings.forEach(stranded::add);
        ArrayNode hosts = tree.putArray("hosts");
        verdicts.forEach(verdict -> hosts.addObject()
                .put("id", verdict.host())
                .put("feasible", verdict.feasible())
                .put("obstacle", verdict.obstacle().map(Enum::name).orElse(""))
                .put("reason", verdict.reason()));
        return tree;
    }
}
