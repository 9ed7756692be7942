package io.viommufleet.deploy.cli;

import io.viommufleet.deploy.view.FleetReport;
import io.viommufleet.deploy.view.HostReport;
import java.util.List;
import java.util.stream.Collectors;

/** The tables of VMs and hosts. */
final class ReportTables {
    private static final String NONE = "-";

    private ReportTables() {}

    /** What each VM wants, whether its host can, and why. */
    static void vms(Terminal terminal, FleetReport report) {
        Table table = new Table(terminal, "VM", "PHASE", "HOST", "DEVICES", "WANT", "CAN", "WHY");
        for (FleetReport.Vm vm : report.vms()) {
            table.row(vm.id(), vm.phase(), vm.host().orElse(NONE), devices(vm), want(vm), can(vm), why(vm));
        }
        table.print();
    }

    /** What each host is. */
    static void hosts(Terminal terminal, FleetReport report) {
        Table table = new Table(terminal, "HOST", "STATE", "IOMMU", "NESTS", "DEVICES", "FREE", "DRIFT", "WHY");
        for (HostReport host : report.hosts()) {
            table.row(
                    host.id(),
                    host.state(),
                    host.iommu().isEmpty() ? NONE : host.iommu(),
                    host.canNest() ? "yes" : "no",
                    Integer.toString(host.devices()),
                    Integer.toString(host.free()),
                    host.drift().isEmpty() ? NONE : host.driftWords(),
                    host.reason());
        }
        table.print();
    }

    private static String devices(FleetReport.Vm vm) {
        return orNone(vm.devices().stream()
                .map(device -> device.id() + device.bdf().map(bdf -> "=" + bdf).orElse(""))
                .collect(Collectors.joining(" ")));
    }

    private static String want(FleetReport.Vm vm) {
        List<FleetReport.Device> nested =
                vm.devices().stream().filter(FleetReport.Device::nestingParent).toList();
        if (vm.devices().isEmpty()) {
            return NONE;
        }
        if (nested.isEmpty()) {
            return "plain HWPT";
        }
        return nested.size() == vm.devices().size()
                ? "nesting parent"
                : "nesting parent for "
                        + nested.stream().map(FleetReport.Device::id).collect(Collectors.joining(" "));
    }

    private static String can(FleetReport.Vm vm) {
        List<String> unmet = unmet(vm);
        return switch (vm.phase()) {
            case "Running" -> unmet.isEmpty() ? "yes" : "in part";
            case "Failed", "Pending", "Infeasible" -> "no";
            default -> NONE;
        };
    }

    private static String why(FleetReport.Vm vm) {
        List<String> unmet = unmet(vm);
        return unmet.isEmpty() ? vm.reason() : (vm.reason() + " unmet: " + String.join(" ", unmet)).strip();
    }

    private static List<String> unmet(FleetReport.Vm vm) {
        return vm.devices().stream()
                .flatMap(device -> device.unmet().stream())
                .distinct()
                .toList();
    }

    private static String orNone(String text) {
        return text.isEmpty() ? NONE : text;
    }
}
