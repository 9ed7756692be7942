package io.viommufleet.deploy.cli;

import io.viommufleet.common.kafka.FleetWriter;
import io.viommufleet.common.kafka.KafkaConnection;
import io.viommufleet.common.model.Policy;
import io.viommufleet.common.model.VirtualMachine;
import io.viommufleet.deploy.view.FleetState.CellKey;
import io.viommufleet.deploy.view.FleetView;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Asks for the end of VMs, or of a policy: a whole record that says so, never a tombstone. */
@Command(
        name = "delete",
        mixinStandardHelpOptions = true,
        description = {
            "Asks for VMs to be deleted: their devices are detached and free again.",
            "'fleet delete policy NAME...' asks for the end of policies instead."
        })
final class DeleteCommand implements Callable<Integer> {
    private static final String POLICY = "policy";

    private final Terminal terminal;

    @Mixin
    private final KafkaOptions kafka = new KafkaOptions();

    @Option(names = "--cell", paramLabel = "N", description = "The cell, where several cells have the name.")
    private Optional<Integer> cell = Optional.empty();

    @Parameters(arity = "1..*", paramLabel = "VM", description = "Names of VMs; or policy, and names of policies.")
    private List<String> names = List.of();

    DeleteCommand(Terminal terminal) {
        this.terminal = terminal;
    }

    @Override
    public Integer call() {
        KafkaConnection connection = kafka.connection();
        try (FleetView view = FleetView.open(connection);
                FleetWriter writer = new FleetWriter(connection, "viommu-cli", view.layout())) {
            if (names.size() > 1 && names.getFirst().equals(POLICY)) {
                deletePolicies(view, writer);
            } else {
                deleteVms(view, writer);
            }
        }
        return 0;
    }

    private void deletePolicies(FleetView view, FleetWriter writer) {
        List<Policy> wanted = names.stream()
                .skip(1)
                .map(name -> Lookup.one("policy", view.state().policyRequests(), name, cell))
                .map(Map.Entry<CellKey<String>, Policy>::getValue)
                .toList();
        for (Policy policy : wanted) {
            Requests.publish(writer, new Policy(policy.metadata(), policy.rule(), true));
            terminal.out().println("end of policy %s asked for".formatted(policy.key()));
        }
    }

    private void deleteVms(FleetView view, FleetWriter writer) {
        List<VirtualMachine> wanted = names.stream()
                .map(name -> Lookup.one("VM", view.state().requests(), name, cell))
                .map(Map.Entry<CellKey<String>, VirtualMachine>::getValue)
                .toList();
        for (VirtualMachine vm : wanted) {
            Requests.publish(writer, new VirtualMachine(vm.metadata(), vm.spec().asDeleted()));
            terminal.out().println("deletion of %s asked for".formatted(vm.key()));
        }
    }
}
