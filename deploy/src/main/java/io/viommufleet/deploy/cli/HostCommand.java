package io.viommufleet.deploy.cli;

import io.viommufleet.common.FleetError;
import io.viommufleet.common.FleetException;
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

/** Operations on one host. */
abstract class HostCommand extends OperationCommand {
    @Parameters(paramLabel = "HOST", description = "The name of a host.")
    private String host = "";

    HostCommand(Terminal terminal) {
        super(terminal);
    }

    /** What is asked of the host. */
    abstract Action action(String host);

    @Override
    final List<Operation> operations(FleetView view) {
        int found = found(view).cell();
        try {
            return List.of(OperationIds.operation(found, host, action(host)));
        } catch (IllegalArgumentException wrong) {
            throw new FleetException(FleetError.USAGE, String.valueOf(wrong.getMessage()), wrong);
        }
    }

    /** The host that is named, in its cell. */
    final CellKey<String> found(FleetView view) {
        return Lookup.host(view.state(), host, cell());
    }

    /** No new VMs. */
    @Command(
            name = "cordon",
            mixinStandardHelpOptions = true,
            description = "Takes no new VMs on a host; those that are there stay.")
    static final class Cordon extends HostCommand {
        Cordon(Terminal terminal) {
            super(terminal);
        }

        @Override
        Action action(String host) {
            return new Action.Cordon(host);
        }
    }

    /** New VMs again. */
    @Command(name = "uncordon", mixinStandardHelpOptions = true, description = "Takes new VMs on a host again.")
    static final class Uncordon extends HostCommand {
        Uncordon(Terminal terminal) {
            super(terminal);
        }

        @Override
        Action action(String host) {
            return new Action.Uncordon(host);
        }
    }

    /** All VMs elsewhere. */
    @Command(
            name = "drain",
            mixinStandardHelpOptions = true,
            description = {
                "Cordons a host and moves its VMs to others, live unless told otherwise.",
                "A VM that cannot move stays, with the reason."
            })
    static final class Drain extends HostCommand {
        @Option(names = "--cold", description = "Stops each guest on the host before it is started on the other.")
        private boolean cold;

        @Option(
                names = "--parallel",
                paramLabel = "N",
                description = "How many VMs move at once. Default: the limit of the cell.")
        private Optional<Integer> parallel = Optional.empty();

        @Option(names = "--dry-run", description = "Only says what would happen.")
        private boolean dryRun;

        Drain(Terminal terminal) {
            super(terminal);
        }

        @Override
        Optional<WhatIf> preview(FleetView view) {
            return dryRun ? Optional.of(WhatIf.drain(view.state(), found(view), mode())) : Optional.empty();
        }

        private MigrationMode mode() {
            return cold ? MigrationMode.COLD : MigrationMode.LIVE;
        }

        @Override
        Action action(String host) {
            return new Action.Drain(host, mode(), parallel);
        }
    }

    /** VMs of a dead host. */
    @Command(
            name = "evacuate",
            mixinStandardHelpOptions = true,
            description = {
                "Starts the VMs of a lost host on others.",
                "Refused while the host's boot may still run: see 'fleet fence'."
            })
    static final class Evacuate extends HostCommand {
        @Option(names = "--dry-run", description = "Only says what would happen.")
        private boolean dryRun;

        Evacuate(Terminal terminal) {
            super(terminal);
        }

        @Override
        Optional<WhatIf> preview(FleetView view) {
            return dryRun ? Optional.of(WhatIf.lose(view.state(), found(view))) : Optional.empty();
        }

        @Override
        Action action(String host) {
            return new Action.Evacuate(host);
        }
    }

    /** A boot is over. */
    @Command(
            name = "fence",
            mixinStandardHelpOptions = true,
            description = {
                "Declares the present boot of a host to be over: what it held is free, no agent of it is heeded again.",
                "Without --confirmed refused while the agent is alive."
            })
    static final class Fence extends HostCommand {
        @Option(names = "--confirmed", description = "You have made sure that the host is off.")
        private boolean confirmed;

        Fence(Terminal terminal) {
            super(terminal);
        }

        @Override
        Action action(String host) {
            return new Action.Fence(host, confirmed);
        }
    }

    /** Out of quarantine. */
    @Command(
            name = "release",
            mixinStandardHelpOptions = true,
            description = "Ends the quarantine of a host and all its iommu groups, or of one group.")
    static final class Release extends HostCommand {
        @Option(names = "--group", paramLabel = "N", description = "Only this iommu group.")
        private Optional<Integer> group = Optional.empty();

        Release(Terminal terminal) {
            super(terminal);
        }

        @Override
        Action action(String host) {
            return new Action.Release(host, group);
        }
    }
}
