package io.viommufleet.deploy.cli;

import io.viommufleet.common.FleetError;
import io.viommufleet.common.FleetException;
import io.viommufleet.common.model.Placement;
import io.viommufleet.common.viommu.Certificate;
import io.viommufleet.common.viommu.ViommuFlag;
import io.viommufleet.controller.placement.HostVerdict;
import io.viommufleet.controller.placement.Obstacle;
import io.viommufleet.deploy.view.FleetView;
import io.viommufleet.deploy.view.PlacementQuestion;
import io.viommufleet.deploy.view.PlacementQuestion.Answer;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/** One decision, many hosts. */
@Command(
        name = "prove",
        mixinStandardHelpOptions = true,
        description = {
            "Holds a VM's one decision against every host of the fleet, as it is now:",
            "which could run it, and what keeps it from each of the others. The decision is the same for all of them."
        })
final class ProveCommand implements Callable<Integer> {
    private final Terminal terminal;

    @Mixin
    private final KafkaOptions kafka = new KafkaOptions();

    @Mixin
    private final Output output = new Output();

    @Option(names = "--cell", paramLabel = "N", description = "The cell of the VM, where several cells have the name.")
    private Optional<Integer> cell = Optional.empty();

    @Parameters(paramLabel = "VM", description = "The name of a VM.")
    private String name = "";

    ProveCommand(Terminal terminal) {
        this.terminal = terminal;
    }

    @Override
    public Integer call() {
        try (FleetView view = FleetView.open(kafka.connection())) {
            Placement placement =
                    Lookup.one("VM", view.state().placements(), name, cell).getValue();
            Certificate certificate = placement
                    .decision()
                    .orElseThrow(() -> new FleetException(
                            FleetError.CONFLICT, "VM %s is refused: its configuration decides nothing".formatted(name)))
                    .certificate();
            List<Answer> answers = PlacementQuestion.everywhere(view.state(), placement);
            output.print(terminal, tree(certificate, answers), () -> print(certificate, answers));
        }
        return 0;
    }

    private void print(Certificate certificate, List<Answer> answers) {
        terminal.out()
                .println("One decision (rules version %s, digest %s):"
                        .formatted(certificate.rulesVersion(), certificate.configDigest()));
        certificate
                .devices()
                .forEach(device -> terminal.out()
                        .println("  %s: %s"
                                .formatted(
                                        device.id(),
                                        device.flags().isEmpty()
                                                ? "no flags"
                                                : device.flags().stream()
                                                        .map(ViommuFlag::name)
                                                        .collect(Collectors.joining(", ")))));
        long able = feasible(answers);
        terminal.out().println("%d hosts: %d feasible, %d not.".formatted(answers.size(), able, answers.size() - able));
        Table table = new Table(terminal, "HOST", "CELL", "FEASIBLE", "OBSTACLE", "WHY");
        answers.forEach(answer -> table.row(
                answer.verdict().host(),
                Integer.toString(answer.cell()),
                answer.verdict().feasible() ? "yes" : "no",
                answer.verdict().obstacle().map(Obstacle::summary).orElse("-"),
                answer.verdict().reason()));
        table.print();
    }

    private static long feasible(List<Answer> answers) {
        return answers.stream()
                .map(Answer::verdict)
                .filter(HostVerdict::feasible)
                .count();
    }

    private ObjectNode tree(Certificate certificate, List<Answer> answers) {
        long able = feasible(answers);
        ObjectNode tree = JsonNodeFactory.instance
                .objectNode()
                .put("vm", name)
                .put("rulesVersion", certificate.rulesVersion().toString())
                .put("configDigest", certificate.configDigest())
                .put("feasible", able)
                .put("infeasible", answers.size() - able);
        ArrayNode hosts = tree.putArray("hosts");
        answers.forEach(answer -> hosts.addObject()
                .put("id", answer.verdict().host())
                .put("cell", answer.cell())
                .put("feasible", answer.verdict().feasible())
                .put("obstacle", answer.verdict().obstacle().map(Enum::name).orElse(""))
                .put("reason", answer.verdict().reason()));
        return tree;
    }
}
