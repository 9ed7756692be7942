package io.viommufleet.deploy.cli;

import io.viommufleet.common.FleetError;
import io.viommufleet.common.FleetException;
import io.viommufleet.common.kafka.FleetWriter;
import io.viommufleet.common.kafka.KafkaConnection;
import io.viommufleet.common.model.Action;
import io.viommufleet.common.model.FeatureLevel;
import io.viommufleet.common.model.Operation;
import io.viommufleet.common.model.OperationProgress;
import io.viommufleet.deploy.view.FleetState.CellKey;
import io.viommufleet.deploy.view.FleetView;
import io.viommufleet.deploy.view.OperationReport;
import io.viommufleet.deploy.view.WhatIf;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/**
 * What all commands have in common that ask a controller to do something: they publish the request, and wait for its end
 * unless they are told not to.
 */
abstract class OperationCommand implements Callable<Integer> {
    private final Terminal terminal;

    @Mixin
    private final KafkaOptions kafka = new KafkaOptions();

    @Mixin
    private final Output output = new Output();

    @Option(names = "--cell", paramLabel = "N", description = "The cell, where several cells have the name.")
    private Optional<Integer> cell = Optional.empty();

    @Option(names = "--no-wait", description = "Ends once the request is on the log; 'fleet get operations' shows on.")
    private boolean noWait;

    @Option(
            names = "--timeout",
            paramLabel = "SECONDS",
            description = "How long to wait before it ends with 6; the operation goes on. Default: ${DEFAULT-VALUE}.")
    private int timeoutSeconds = 300;

    OperationCommand(Terminal terminal) {
        this.terminal = terminal;
    }

    /**
     * What is to be asked for, one operation for each cell that it concerns.
     *
     * @throws FleetException NOT_FOUND or CONFLICT where a name does not say which
     */
    abstract List<Operation> operations(FleetView view);

    /** What it would do, where the user only wants to know that. */
    Optional<WhatIf> preview(FleetView view) {
        return Optional.empty();
    }

    @Override
    public final Integer call() {
        if (timeoutSeconds < 1) {
            throw new FleetException(FleetError.USAGE, "--timeout is %d; it is at least 1".formatted(timeoutSeconds));
        }
        KafkaConnection connection = kafka.connection();
        try (FleetView view = FleetView.open(connection)) {
            Optional<WhatIf> preview = preview(view);
            if (preview.isPresent()) {
                WhatIfOutput.print(terminal, output, preview.get());
                return 0;
            }
            List<Operation> wanted = operations(view);
            wanted.forEach(operation -> requireLevel(view, operation));
            ask(connection, view, wanted);
            List<CellKey<String>> keys = wanted.stream()
                    .map(operation -> new CellKey<>(operation.cell(), operation.id()))
                    .toList();
            List<OperationReport> reports = noWait ? asked(view, keys) : follow(view, keys);
            output.print(terminal, OperationTree.of(reports), () -> OperationTables.print(terminal, reports));
            return noWait ? 0 : exitCode(reports);
        }
    }

    /** A cell at the first level answers no operation but the one that ends this. */
    private static void requireLevel(FleetView view, Operation operation) {
        boolean tooEarly = view.state().leaders().stream()
                .anyMatch(
                        leader -> leader.cell() == operation.cell() && leader.featureLevel() < FeatureLevel.OPERATIONS);
        if (tooEarly && !(operation.action() instanceof Action.FinalizeFeatureLevel)) {
            throw new FleetException(
                    FleetError.CONFLICT,
                    "cell %d is at feature level %d; operations come with level %d: see 'fleet upgrade finalize'"
                            .formatted(operation.cell(), FeatureLevel.FIRST, FeatureLevel.OPERATIONS));
        }
    }

    private void ask(KafkaConnection connection, FleetView view, List<Operation> wanted) {
        try (FleetWriter writer = new FleetWriter(connection, "viommu-cli", view.layout())) {
            for (Operation operation : wanted) {
                Requests.publish(writer, operation);
                terminal.say("%s: %s asked for"
                        .formatted(operation.id(), operation.action().words()));
            }
        }
    }

    /** What was asked, read back: at once, for it is on the log. */
    private static List<OperationReport> asked(FleetView view, List<CellKey<String>> keys) {
        while (!view.state().operations().keySet().containsAll(keys)) {
            view.poll(Duration.ofMillis(200));
        }
        return reports(view, keys);
    }

    private List<OperationReport> follow(FleetView view, List<CellKey<String>> keys) {
        long deadlineNanos =
                System.nanoTime() + Duration.ofSeconds(timeoutSeconds).toNanos();
        Progress progress = new Progress(terminal);
        new Following(view, keys, progress, terminal).await(deadlineNanos);
        progress.end();
        return reports(view, keys);
    }

    private static List<OperationReport> reports(FleetView view, List<CellKey<String>> keys) {
        return keys.stream()
                .flatMap(key -> OperationReport.of(view.state(), key).stream())
                .toList();
    }

    private int exitCode(List<OperationReport> reports) {
        if (!reports.stream().allMatch(OperationReport::ended)) {
            terminal.say(
                    "fleet: not ended within %d s; it goes on, 'fleet get operations' shows it, 'fleet cancel' ends it"
                            .formatted(timeoutSeconds));
            return FleetError.NOT_SETTLED.exitCode();
        }
        return reports.stream()
                .map(report -> exitCode(report.state().orElseThrow()))
                .max(Integer::compare)
                .orElse(0);
    }

    private static int exitCode(OperationProgress.State state) {
        return switch (state) {
            case SUCCEEDED -> 0;
            case REFUSED -> FleetError.CONFLICT.exitCode();
            case FAILED, CANCELLED, RUNNING -> FleetError.FAILED.exitCode();
        };
    }

    /** Where the command talks to. */
    final Terminal terminal() {
        return terminal;
    }

    /** The cell that was said. */
    final Optional<Integer> cell() {
        return cell;
    }
}
