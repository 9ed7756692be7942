package io.viommufleet.deploy.cli;

import io.viommufleet.common.kafka.FleetWriter;
import io.viommufleet.common.kafka.KafkaConnection;
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

/** Asks for the end of VMs: a whole record that says so, never a tombstone. */
@Command(
        name = "delete",
        mixinStandardHelpOptions = true,
        description = "Asks for VMs to be deleted: their devices are detached and free again.")
final class DeleteCommand implements Callable<Integer> {
    private final Terminal terminal;

    @Mixin
    private final KafkaOptions kafka = new KafkaOptions();

    @Option(names = "--cell", paramLabel = "N", description = "The cell of the VMs, where several cells have the name.")
    private Optional<Integer> cell = Optional.empty();

    @Parameters(arity = "1..*", paramLabel = "VM", description = "Names of VMs.")
    private List<String> names = List.of();

    DeleteCommand(Terminal terminal) {
        this.terminal = terminal;
    }

    @Override
    public Integer call() {
        KafkaConnection connection = kafka.connection();
        try (FleetView view = FleetView.open(connection);
                FleetWriter writer = new FleetWriter(connection, "viommu-cli", view.layout())) {
            List<VirtualMachine> wanted = names.stream()
                    .map(name -> Lookup.one("VM", view.state().requests(), name, cell))
                    .map(Map.Entry<CellKey<String>, VirtualMachine>::getValue)
                    .toList();
            for (VirtualMachine vm : wanted) {
                Requests.publish(
                        writer, new VirtualMachine(vm.metadata(), vm.spec().asDeleted()));
                terminal.out().println("deletion of %s asked for".formatted(vm.key()));
            }
        }
        return 0;
    }
}
