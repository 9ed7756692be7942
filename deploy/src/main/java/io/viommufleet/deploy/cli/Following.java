package io.viommufleet.deploy.cli;

import io.viommufleet.common.model.OperationProgress.Move;
import io.viommufleet.deploy.view.FleetState.CellKey;
import io.viommufleet.deploy.view.FleetView;
import io.viommufleet.deploy.view.OperationReport;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** Follows operations to their end, and tells each change of each VM that they move. */
final class Following {
    private static final Duration POLL = Duration.ofMillis(300);

    private final FleetView view;
    private final List<CellKey<String>> operations;
    private final Progress progress;
    private final Terminal terminal;
    private final Map<String, Move> told = new HashMap<>();

    Following(FleetView view, List<CellKey<String>> operations, Progress progress, Terminal terminal) {
        this.view = view;
        this.operations = operations;
        this.progress = progress;
        this.terminal = terminal;
    }

    /** Returns once all have ended, or at the deadline. */
    void await(long deadlineNanos) {
        while (true) {
            List<OperationReport> now = operations.stream()
                    .flatMap(key -> OperationReport.of(view.state(), key).stream())
                    .toList();
            now.forEach(this::tellMoves);
            boolean ended = now.size() == operations.size() && now.stream().allMatch(OperationReport::ended);
            if (ended || System.nanoTime() >= deadlineNanos) {
                return;
            }
            progress.step(now.isEmpty() ? "waiting for the controller" : lines(now));
            view.poll(POLL);
        }
    }

    private static String lines(List<OperationReport> reports) {
        return reports.stream()
                .filter(report -> !report.ended())
                .map(OperationReport::line)
                .collect(Collectors.joining("; "));
    }

    private void tellMoves(OperationReport report) {
        for (Move move : report.moves()) {
            if (!move.equals(told.put(report.key().cell() + "/" + move.vm(), move))) {
                progress.end();
                terminal.say("  " + OperationReport.line(move));
            }
        }
    }
}
