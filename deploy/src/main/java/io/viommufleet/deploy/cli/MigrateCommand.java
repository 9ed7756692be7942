package io.viommufleet.deploy.cli;

import io.viommufleet.common.model.Action;
import io.viommufleet.common.model.Action.MigrationMode;
import io.viommufleet.common.model.Operation;
import io.viommufleet.deploy.view.FleetState.CellKey;
import io.viommufleet.deploy.view.FleetView;
import io.viommufleet.deploy.view.WhatIf;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Moves one VM. */
@Command(
        name = "migrate",
        mixinStandardHelpOptions = true,
        description = {
            "Moves a VM to another host, live unless told otherwise.",
            "What QEMU cannot migrate live is refused with QEMU's reason; --cold may still move it."
        })
final class MigrateCommand extends OperationCommand {
    @Parameters(paramLabel = "VM", description = "The name of a VM.")
    private String vm = "";

    @Option(names = "--to", paramLabel = "HOST", description = "The host. Default: the best one.")
    private Optional<String> to = Optional.empty();

    @Option(names = "--cold", description = "Stops the guest on its host before it is started on the other.")
    private boolean cold;

    @Option(names = "--dry-run", description = "Only says what would happen.")
    private boolean dryRun;

    MigrateCommand(Terminal terminal) {
        super(terminal);
    }

    @Override
    List<Operation> operations(FleetView view) {
        int found =
                Lookup.one("VM", view.state().placements(), vm, cell()).getKey().cell();
        to.ifPresent(host -> Lookup.requireHost(view.state(), found, host));
        return List.of(OperationIds.operation(found, vm, new Action.Migrate(vm, to, mode())));
    }

    @Override
    Optional<WhatIf> preview(FleetView view) {
        if (!dryRun) {
            return Optional.empty();
        }
        CellKey<String> found =
                Lookup.one("VM", view.state().placements(), vm, cell()).getKey();
        to.ifPresent(host -> Lookup.requireHost(view.state(), found.cell(), host));
        return Optional.of(WhatIf.migrate(view.state(), found, to, mode()));
    }

    private MigrationMode mode() {
        return cold ? MigrationMode.COLD : MigrationMode.LIVE;
    }
}
