package io.viommufleet.deploy.cli;

import io.viommufleet.common.input.Decide;
import io.viommufleet.common.input.DecideReport;
import io.viommufleet.common.input.DecideResult;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** Decides VMs offline. */
@Command(
        name = "decide",
        mixinStandardHelpOptions = true,
        description = {
            "Says what the vIOMMU of each VM wants of its devices, offline: no fleet, no host.",
            "Reads libvirt domain XML, files of QEMU arguments and VM YAML."
        })
final class DecideCommand implements Callable<Integer> {
    private final Terminal terminal;

    @Mixin
    private final Output output = new Output();

    @Parameters(arity = "1..*", paramLabel = "FILE", description = "Files, directories, or - for standard input.")
    private List<String> files = List.of();

    DecideCommand(Terminal terminal) {
        this.terminal = terminal;
    }

    @Override
    public Integer call() {
        DecideResult result = Decide.run(files, terminal.in());
        result.failures().forEach(failure -> terminal.say("fleet: " + failure));
        result.skipped().forEach(skipped -> terminal.say("skipped, of no known format: " + skipped));
        output.print(terminal, DecideReport.toJson(result.entries()), () -> table(result.entries()));
        return result.exitCode();
    }

    private void table(List<DecideReport.Entry> entries) {
        Table table = new Table(terminal, "VM", "DEVICE", "WANT", "FOLLOWS FROM", "DIGEST", "SOURCE");
        for (DecideReport.Entry entry : entries) {
            if (!entry.valid()) {
                String errors = entry.errors().stream()
                        .map(error -> "%s: %s".formatted(error.property(), error.message()))
                        .collect(Collectors.joining("; "));
                table.row(entry.vm(), "-", "Refused", errors, "-", entry.source());
            } else if (entry.devices().isEmpty()) {
                table.row(entry.vm(), "-", "no passthrough device", "-", shortened(entry), entry.source());
            }
            for (DecideReport.Device device : entry.devices()) {
                table.row(
                        entry.vm(), device.id(), want(entry, device), fields(device), shortened(entry), entry.source());
            }
        }
        table.print();
    }

    private static String want(DecideReport.Entry entry, DecideReport.Device device) {
        String flags = device.flags().isEmpty() ? "no flags" : String.join(" ", device.flags());
        return entry.doomed().stream()
                .filter(doom -> doom.device().equals(device.id()))
                .findFirst()
                .map(doom -> flags + ", doomed: " + doom.rule())
                .orElse(flags);
    }

    private static String fields(DecideReport.Device device) {
        String fields = device.followsFrom().entrySet().stream()
                .map((Map.Entry<String, String> field) -> field.getKey() + "=" + field.getValue())
                .collect(Collectors.joining(" "));
        return fields.isEmpty() ? "-" : fields;
    }

    private static String shortened(DecideReport.Entry entry) {
        int length = 12;
        return entry.configDigest()
                .substring(0, Math.min(length, entry.configDigest().length()));
    }
}
