package io.viommufleet.deploy.cli;

import io.viommufleet.common.model.Action;
import io.viommufleet.common.model.Operation;
import io.viommufleet.deploy.view.FleetState;
import io.viommufleet.deploy.view.FleetView;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Command;

/** Closes a breaker. */
@Command(
        name = "reset-breaker",
        mixinStandardHelpOptions = true,
        description = {
            "Lets a cell act on lost hosts again after its breaker opened because too many were lost at once.",
            "Without --cell, every cell whose breaker is open."
        })
final class ResetBreakerCommand extends OperationCommand {
    ResetBreakerCommand(Terminal terminal) {
        super(terminal);
    }

    @Override
    List<Operation> operations(FleetView view) {
        List<Operation> resets = Lookup.cells(view.layout().cells(), cell()).stream()
                .filter(number -> cell().isPresent() || open(view.state(), number))
                .map(number -> OperationIds.operation(number, "", new Action.ResetBreaker()))
                .toList();
        if (resets.isEmpty()) {
            terminal().say("No breaker is open.");
        }
        return resets;
    }

    private static boolean open(FleetState state, int cell) {
        return Optional.ofNullable(state.breakers().get(cell))
                .filter(breaker -> breaker.open().isPresent())
                .isPresent();
    }
}
