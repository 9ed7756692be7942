package io.viommufleet.deploy.cli;

import io.viommufleet.agent.conformance.Conformance;
import io.viommufleet.agent.conformance.Difference;
import io.viommufleet.agent.conformance.Report;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Replays recorded kernel traces on the emulation. */
@Command(
        name = "conformance",
        mixinStandardHelpOptions = true,
        description = {
            "Replays ioctl traces recorded on real kernels on the emulated iommufd stack, and compares every result"
                    + " and output.",
            "Exits with 1 on any difference, and when a trace cannot be replayed to its end."
        })
final class ConformanceCommand implements Callable<Integer> {
    private static final JsonMapper JSON = new JsonMapper();

    private final Terminal terminal;

    @Mixin
    private final Output output = new Output();

    @Parameters(
            arity = "1..*",
            paramLabel = "PATH",
            description = "Traces: .jsonl, .jsonl.gz and .tar.gz files, and directories of them.")
    private List<Path> paths = List.of();

    ConformanceCommand(Terminal terminal) {
        this.terminal = terminal;
    }

    @Override
    public Integer call() {
        for (Path path : paths) {
            if (!Files.isReadable(path)) {
                terminal.say("fleet: %s cannot be read".formatted(path));
                return 1;
            }
        }
        Report report = Conformance.replay(paths);
        if (report.traces() == 0 && report.unreadable().isEmpty()) {
            terminal.say("fleet: no traces (.jsonl, .jsonl.gz, .tar.gz) in %s".formatted(paths));
            return 1;
        }
        output.print(terminal, tree(report), () -> text(report));
        return report.agrees() ? 0 : 1;
    }

    private static JsonNode tree(Report report) {
        Map<String, Object> tree = new LinkedHashMap<>();
        tree.put("traces", report.traces());
        tree.put("ops", report.ops());
        tree.put("differences", report.differences());
        tree.put("tolerated", report.tolerated());
        tree.put("undetermined", report.undetermined());
        tree.put("differing", report.differing());
        tree.put("unreadable", report.unreadable());
        tree.put("totals", byCall(report));
        return JSON.valueToTree(tree);
    }

    private void text(Report report) {
        for (Difference difference : report.differing()) {
            terminal.out()
                    .printf(
                            "%s op %d %s: %s expected %s, got %s%n    input %s%n",
                            difference.trace(),
                            difference.op(),
                            difference.call(),
                            difference.field(),
                            difference.expected(),
                            difference.got(),
                            difference.input());
        }
        report.unreadable().forEach(bad -> terminal.out().printf("%s %s%n", bad.trace(), bad.message()));
        Table table = new Table(terminal, "CALL", "OPS", "RESULTS");
        byCall(report).forEach((call, results) -> {
            List<String> words = new ArrayList<>();
            results.forEach((result, count) -> words.add(result + " " + count));
            int ops = results.values().stream().mapToInt(Integer::intValue).sum();
            table.row(call, String.valueOf(ops), String.join(", ", words));
        });
        table.print();
        terminal.out()
                .printf(
                        "%d traces, %d ops, %d differences, %d tolerated, %d undetermined, %d unreadable%n",
                        report.traces(),
                        report.ops(),
                        report.differences(),
                        report.tolerated(),
                        report.undetermined(),
                        report.unreadable().size());
    }

    /** How often each call ended how: "ok" or an errno's name. */
    private static Map<String, Map<String, Integer>> byCall(Report report) {
        Map<String, Map<String, Integer>> calls = new LinkedHashMap<>();
        report.totals().forEach((key, count) -> {
            int blank = key.indexOf(' ');
            calls.computeIfAbsent(key.substring(0, blank), call -> new LinkedHashMap<>())
                    .put(key.substring(blank + 1), count);
        });
        return calls;
    }
}
