package io.viommufleet.deploy.cli;

import io.viommufleet.common.FleetError;
import io.viommufleet.common.FleetException;
import io.viommufleet.common.model.Action;
import io.viommufleet.common.model.FeatureLevel;
import io.viommufleet.common.model.Leader;
import io.viommufleet.common.model.Operation;
import io.viommufleet.deploy.view.FleetView;
import java.util.List;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** The last step of going to a newer program. */
@Command(
        name = "upgrade",
        mixinStandardHelpOptions = true,
        description = "Steps of going to a newer version of this program.")
final class UpgradeCommand implements Runnable {
    @Spec
    private CommandSpec spec = CommandSpec.create();

    /** With its subcommands. */
    static CommandLine commandLine(Terminal terminal) {
        return new CommandLine(new UpgradeCommand()).addSubcommand(new FinalizeLevel(terminal));
    }

    @Override
    public void run() {
        throw new CommandLine.ParameterException(spec.commandLine(), "upgrade needs a subcommand: finalize");
    }

    /** No way back. */
    @Command(
            name = "finalize",
            mixinStandardHelpOptions = true,
            description = {
                "Lets every cell write what a feature level brings. Until then going back to the older version works,",
                "and never again afterwards. Do it once all controllers run the newer version."
            })
    static final class FinalizeLevel extends OperationCommand {
        @Parameters(
                arity = "0..1",
                paramLabel = "LEVEL",
                description = "The feature level. Default: ${DEFAULT-VALUE}, the highest that this program knows.")
        private int level = FeatureLevel.LATEST;

        FinalizeLevel(Terminal terminal) {
            super(terminal);
        }

        @Override
        List<Operation> operations(FleetView view) {
            if (level < FeatureLevel.FIRST || level > FeatureLevel.LATEST) {
                throw new FleetException(
                        FleetError.USAGE,
                        "level is %d; this program knows levels %d to %d"
                                .formatted(level, FeatureLevel.FIRST, FeatureLevel.LATEST));
            }
            List<Integer> cells = Lookup.cells(view.layout().cells(), cell());
            view.state().leaders().stream()
                    .filter(leader -> cells.contains(leader.cell()))
                    .forEach(this::show);
            return cells.stream()
                    .map(number -> OperationIds.operation(number, "", new Action.FinalizeFeatureLevel(level)))
                    .toList();
        }

        private void show(Leader leader) {
            terminal()
                    .say("cell %d is at feature level %d (leader %s)"
                            .formatted(leader.cell(), leader.featureLevel(), leader.instance()));
        }
    }
}
