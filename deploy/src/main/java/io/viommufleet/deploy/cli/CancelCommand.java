package io.viommufleet.deploy.cli;

import io.viommufleet.common.model.Action;
import io.viommufleet.common.model.Operation;
import io.viommufleet.deploy.view.FleetView;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** Ends an operation before its end. */
@Command(
        name = "cancel",
        mixinStandardHelpOptions = true,
        description = "Ends an operation: what it has moved stays moved, what is moving goes back.")
final class CancelCommand extends OperationCommand {
    @Parameters(paramLabel = "OPERATION", description = "The id of an operation, as 'fleet get operations' shows it.")
    private String operation = "";

    CancelCommand(Terminal terminal) {
        super(terminal);
    }

    @Override
    List<Operation> operations(FleetView view) {
        int found = Lookup.one("operation", view.state().operations(), operation, cell())
                .getKey()
                .cell();
        return List.of(OperationIds.operation(found, operation, new Action.Cancel(operation)));
    }
}
