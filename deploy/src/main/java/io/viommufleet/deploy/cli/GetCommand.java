package io.viommufleet.deploy.cli;

import io.viommufleet.common.FleetError;
import io.viommufleet.common.FleetException;
import io.viommufleet.deploy.view.FleetReport;
import io.viommufleet.deploy.view.FleetState;
import io.viommufleet.deploy.view.FleetView;
import io.viommufleet.deploy.view.HostReport;
import io.viommufleet.deploy.view.OperationReport;
import io.viommufleet.deploy.view.PolicyReport;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.function.Function;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;

/** Lists VMs, hosts, operations, policies and the other records of the fleet. */
@Command(name = "get", mixinStandardHelpOptions = true, description = "Lists what there is, as the log tells it now.")
final class GetCommand implements Callable<Integer> {
    /** What can be listed. */
    enum Kind {
        vms,
        placements,
        hosts,
        operations,
        policies,
        attachments,
        leaders,
        rejected
    }

    private final Terminal terminal;

    @Mixin
    private final KafkaOptions kafka = new KafkaOptions();

    @Mixin
    private final Output output = new Output();

    @Parameters(
            index = "0",
            paramLabel = "KIND",
            description = "One of ${COMPLETION-CANDIDATES}.",
            defaultValue = "vms")
    private Kind kind = Kind.vms;

    @Parameters(index = "1", arity = "0..1", paramLabel = "NAME", description = "Only the one of this name.")
    private Optional<String> name = Optional.empty();

    GetCommand(Terminal terminal) {
        this.terminal = terminal;
    }

    @Override
    public Integer call() {
        try (FleetView view = FleetView.open(kafka.connection())) {
            FleetReport report = only(FleetReport.of(view.state()));
            switch (kind) {
                case vms, placements ->
                    output.print(terminal, ReportTree.vms(report), () -> ReportTables.vms(terminal, report));
                case hosts ->
                    output.print(terminal, ReportTree.hosts(report), () -> {
                        ReportTables.hosts(terminal, report);
                        BreakerLines.print(terminal, view.state());
                    });
                case operations -> operations(view.state());
                case policies -> policies(view.state());
                case attachments -> attachments(view.state());
                case leaders -> leaders(view.state());
                case rejected -> rejected(view.state());
            }
        }
        return 0;
    }

    private FleetReport only(FleetReport report) {
        if (name.isEmpty()) {
            return report;
        }
        List<FleetReport.Vm> vms =
                report.vms().stream().filter(vm -> vm.id().equals(name.get())).toList();
        List<HostReport> hosts = report.hosts().stream()
                .filter(host -> host.id().equals(name.get()))
                .toList();
        if ((kind == Kind.hosts && hosts.isEmpty()) || (listsVms() && vms.isEmpty())) {
            throw new FleetException(
                    FleetError.NOT_FOUND, "there is no %s named %s".formatted(listsVms() ? "VM" : "host", name.get()));
        }
        return new FleetReport(vms, hosts, report.decisions());
    }

    private boolean listsVms() {
        return kind == Kind.vms || kind == Kind.placements;
    }

    private void operations(FleetState state) {
        List<OperationReport> found = named(
                "operation", OperationReport.all(state), report -> report.key().key());
        output.print(terminal, OperationTree.of(found), () -> OperationTables.print(terminal, found));
    }

    private void policies(FleetState state) {
        List<PolicyReport> found =
                named("policy", PolicyReport.all(state), report -> report.key().key());
        output.print(terminal, PolicyOutput.tree(found), () -> PolicyOutput.print(terminal, found));
    }

    private <T> List<T> named(String what, List<T> all, Function<T, String> nameOf) {
        List<T> found = all.stream()
                .filter(one -> name.isEmpty() || name.get().equals(nameOf.apply(one)))
                .toList();
        if (found.isEmpty() && name.isPresent()) {
            throw new FleetException(FleetError.NOT_FOUND, "there is no %s named %s".formatted(what, name.get()));
        }
        return found;
    }

    private void attachments(FleetState state) {
        ArrayNode tree = JsonNodeFactory.instance.arrayNode();
        Table table = new Table(terminal, "ATTACHMENT", "BDF", "DESIRED", "GENERATION", "STATE");
        state.attachments().forEach((id, command) -> {
            String answer =
                    state.outcome(id).map(outcome -> outcome.state().toString()).orElse("");
            String desired = command.attachment().desired().toString();
            String bdf = command.attachment().bdf().toString();
            tree.addObject()
                    .put("id", id.key().toString())
                    .put("bdf", bdf)
                    .put("desired", desired)
                    .put("generation", command.generation())
                    .put("state", answer);
            table.row(id.key().toString(), bdf, desired, Long.toString(command.generation()), answer);
        });
        output.print(terminal, tree, table::print);
    }

    private void leaders(FleetState state) {
        ArrayNode tree = JsonNodeFactory.instance.arrayNode();
        Table table = new Table(terminal, "CELL", "LEADER", "EPOCH", "LEVEL");
        state.leaders().forEach(leader -> {
            tree.addObject()
                    .put("cell", leader.cell())
                    .put("instance", leader.instance())
                    .put("epoch", leader.epoch())
                    .put("featureLevel", leader.featureLevel());
            table.row(
                    Integer.toString(leader.cell()),
                    leader.instance(),
                    Long.toString(leader.epoch()),
                    Integer.toString(leader.featureLevel()));
        });
        output.print(terminal, tree, table::print);
    }

    private void rejected(FleetState state) {
        ArrayNode tree = JsonNodeFactory.instance.arrayNode();
        Table table = new Table(terminal, "RECORD", "KEY", "REASON");
        state.rejected().forEach(refusal -> {
            tree.addObject()
                    .put("record", refusal.key())
                    .put("key", refusal.recordKey())
                    .put("reason", refusal.reason())
                    .put("head", refusal.head());
            table.row(refusal.key(), refusal.recordKey(), refusal.reason());
        });
        output.print(terminal, tree, table::print);
    }
}
