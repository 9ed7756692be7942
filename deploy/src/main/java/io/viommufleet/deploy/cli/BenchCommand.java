package io.viommufleet.deploy.cli;

import io.viommufleet.common.FleetError;
import io.viommufleet.deploy.bench.BenchReport;
import io.viommufleet.deploy.bench.IommufdBench;
import io.viommufleet.deploy.bench.PlacementBench;
import io.viommufleet.deploy.bench.TakeOverBench;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/** Measures. */
@Command(
        name = "bench",
        mixinStandardHelpOptions = true,
        description = {
            "Measures a part of the product against a floor in the same run, and says whether it is fast and small"
                    + " enough.",
            "iommufd: mapping, memory, attach and dirty tracking of the emulated kernel, in about two minutes.",
            "placement: what placing a VM costs in cells of up to 100,000 hosts, in about two minutes.",
            "takeover: how long a cell of 100,000 VMs is without a leader when one is killed or stopped, in about ten"
                    + " minutes and with 8 GiB of memory."
        },
        exitCodeListHeading = "%nExit codes:%n",
        exitCodeList = {"0:every goal is met", "1:some is not"})
final class BenchCommand implements Callable<Integer> {
    /** What can be measured. */
    enum Name {
        iommufd,
        placement,
        takeover
    }

    private final Terminal terminal;

    @Mixin
    private final Output output = new Output();

    @Parameters(paramLabel = "NAME", description = "What to measure: ${COMPLETION-CANDIDATES}.")
    private Name name = Name.iommufd;

    BenchCommand(Terminal terminal) {
        this.terminal = terminal;
    }

    @Override
    public Integer call() {
        BenchReport report = switch (name) {
            case iommufd -> IommufdBench.run(step -> terminal.say("measuring " + step));
            case placement -> PlacementBench.run(step -> terminal.say("measuring " + step));
            case takeover -> TakeOverBench.run(terminal::say);
        };
        output.print(terminal, tree(report), () -> table(report));
        return report.met() ? 0 : FleetError.FAILED.exitCode();
    }

    private void table(BenchReport report) {
        Table table = new Table(terminal, "METRIC", "RATIO", "GOAL", "MET", "MEASURED");
        for (BenchReport.Result result : report.results()) {
            table.row(
                    result.metric(),
                    "%.2f".formatted(result.ratio()),
                    "%.2f".formatted(result.goal()),
                    result.met() ? "yes" : "no",
                    result.measured());
        }
        table.print();
    }

    static ObjectNode tree(BenchReport report) {
        ObjectNode tree = JsonNodeFactory.instance.objectNode();
        tree.put("name", report.name()).put("met", report.met());
        ArrayNode results = tree.putArray("results");
        report.results()
                .forEach(result -> results.addObject()
                        .put("metric", result.metric())
                        .put("ratio", result.ratio())
                        .put("goal", result.goal())
                        .put("met", result.met()));
        return tree;
    }
}
