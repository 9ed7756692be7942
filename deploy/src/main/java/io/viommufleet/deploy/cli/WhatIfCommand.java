package io.viommufleet.deploy.cli;

import io.viommufleet.common.FleetError;
import io.viommufleet.common.FleetException;
import io.viommufleet.common.model.Action.MigrationMode;
import io.viommufleet.common.viommu.RulesVersion;
import io.viommufleet.deploy.view.FleetState;
import io.viommufleet.deploy.view.FleetView;
import io.viommufleet.deploy.view.OtherRules;
import io.viommufleet.deploy.view.WhatIf;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Questions that change nothing. */
@Command(
        name = "what-if",
        mixinStandardHelpOptions = true,
        description = {
            "Tries something on a copy of the fleet as it is now, with the controller's own placement:",
            "which VMs would move where, and which nowhere. Changes nothing."
        })
final class WhatIfCommand implements Callable<Integer> {
    private final Terminal terminal;

    @Mixin
    private final KafkaOptions kafka = new KafkaOptions();

    @Mixin
    private final Output output = new Output();

    @Option(names = "--cell", paramLabel = "N", description = "The cell, where several cells have the name.")
    private Optional<Integer> cell = Optional.empty();

    @Option(names = "--cold", description = "With --drain: as a cold drain.")
    private boolean cold;

    @ArgGroup(multiplicity = "1")
    private Question question = new Question();

    /** One of them. */
    private static final class Question {
        @Option(names = "--lose", paramLabel = "HOST", description = "A host is lost for good.")
        private Optional<String> lose = Optional.empty();

        @Option(names = "--drain", paramLabel = "HOST", description = "A host is drained.")
        private Optional<String> drain = Optional.empty();

        @Option(
                names = "--rules",
                paramLabel = "VERSION",
                description = "Every VM is decided anew by another version of the rules.")
        private Optional<String> rules = Optional.empty();
    }

    WhatIfCommand(Terminal terminal) {
        this.terminal = terminal;
    }

    @Override
    public Integer call() {
        Optional<RulesVersion> rules = question.rules.map(WhatIfCommand::rules);
        try (FleetView view = FleetView.open(kafka.connection())) {
            FleetState state = view.state();
            question.lose.ifPresent(
                    host -> WhatIfOutput.print(terminal, output, WhatIf.lose(state, Lookup.host(state, host, cell))));
            question.drain.ifPresent(host -> WhatIfOutput.print(
                    terminal,
                    output,
                    WhatIf.drain(
                            state, Lookup.host(state, host, cell), cold ? MigrationMode.COLD : MigrationMode.LIVE)));
            rules.ifPresent(version -> WhatIfOutput.print(terminal, output, OtherRules.of(state, version)));
        }
        return 0;
    }

    private static RulesVersion rules(String text) {
        try {
            return RulesVersion.parse(text);
        } catch (IllegalArgumentException unknown) {
            throw new FleetException(FleetError.USAGE, String.valueOf(unknown.getMessage()), unknown);
        }
    }
}
