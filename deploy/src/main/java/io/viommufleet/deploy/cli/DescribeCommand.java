package io.viommufleet.deploy.cli;

import io.viommufleet.common.model.FleetRecord;
import io.viommufleet.common.model.HostInventory;
import io.viommufleet.common.model.HostState;
import io.viommufleet.common.model.Placement;
import io.viommufleet.common.model.Policy;
import io.viommufleet.common.wire.RecordCodec;
import io.viommufleet.deploy.view.FleetReport;
import io.viommufleet.deploy.view.FleetState;
import io.viommufleet.deploy.view.FleetState.CellKey;
import io.viommufleet.deploy.view.FleetView;
import io.viommufleet.deploy.view.OperationReport;
import io.viommufleet.deploy.view.PolicyReport;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.function.Function;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** The whole record of one VM, host, operation or policy, as it lies on the log, and what became of it. */
@Command(
        name = "describe",
        mixinStandardHelpOptions = true,
        description = "Prints everything that the log holds about one VM, host, operation or policy.")
final class DescribeCommand implements Callable<Integer> {
    private static final JsonMapper MAPPER = new JsonMapper();

    /** What can be described. */
    enum Kind {
        vm,
        host,
        operation,
        policy
    }

    private final Terminal terminal;

    @Mixin
    private final KafkaOptions kafka = new KafkaOptions();

    @Option(
            names = {"-o", "--output"},
            paramLabel = "FORMAT",
            description = "json or yaml. Default: ${DEFAULT-VALUE}.")
    private Output.Format format = Output.Format.yaml;

    @Option(names = "--cell", paramLabel = "N", description = "The cell, where several cells have the name.")
    private Optional<Integer> cell = Optional.empty();

    @Parameters(index = "0", paramLabel = "KIND", description = "One of ${COMPLETION-CANDIDATES}.")
    private Kind kind = Kind.vm;

    @Parameters(index = "1", paramLabel = "NAME", description = "Its name.")
    private String name = "";

    DescribeCommand(Terminal terminal) {
        this.terminal = terminal;
    }

    @Override
    public Integer call() {
        try (FleetView view = FleetView.open(kafka.connection())) {
            FleetState state = view.state();
            JsonNode tree = switch (kind) {
                case vm -> vm(state, Lookup.one("VM", state.placements(), name, cell));
                case host -> host(state, Lookup.one("host", state.inventories(), name, cell));
                case operation ->
                    OperationTree.of(
                            Lookup.one("operation", by(OperationReport.all(state), OperationReport::key), name, cell)
                                    .getValue());
                case policy ->
                    PolicyOutput.tree(Lookup.one("policy", by(PolicyReport.all(state), PolicyReport::key), name, cell)
                            .getValue());
            };
            Output output = new Output();
            output.format = format == Output.Format.table ? Output.Format.yaml : format;
            output.print(terminal, tree, () -> {});
        }
        return 0;
    }

    private static <T> Map<CellKey<String>, T> by(List<T> reports, Function<T, CellKey<String>> key) {
        return reports.stream().collect(Collectors.toMap(key, Function.identity()));
    }

    /** The placement with whose it is, and what became of each of its attachments. */
    private static JsonNode vm(FleetState state, Map.Entry<CellKey<String>, Placement> found) {
        ObjectNode tree = (ObjectNode) tree(found.getValue());
        Optional.ofNullable(found.getValue().metadata().labels().get(Policy.TENANT_LABEL))
                .ifPresent(tenant -> tree.put("tenant", tenant));
        ArrayNode outcomes = tree.putArray("outcomes");
        FleetReport.outcomes(state, found.getKey(), found.getValue()).forEach(outcome -> outcomes.add(tree(outcome)));
        return tree;
    }

    /** The inventory, its faults in words too, with what the controller holds of it and what the last boot changed, if anything. */
    private static JsonNode host(FleetState state, Map.Entry<CellKey<String>, HostInventory> host) {
        ObjectNode tree = (ObjectNode) tree(host.getValue());
        ReportTree.addWords(host.getValue().faults(), tree);
        state.hostState(host.getKey()).ifPresent(held -> tree.set("state", ReportTree.of(held)));
        state.hostState(host.getKey())
                .flatMap(HostState::drift)
                .ifPresent(drift -> tree.set("drift", ReportTree.of(drift)));
        return tree;
    }

    private static JsonNode tree(FleetRecord record) {
        return MAPPER.readTree(RecordCodec.canonical(record));
    }
}
