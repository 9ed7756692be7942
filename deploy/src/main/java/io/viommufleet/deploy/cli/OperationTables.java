package io.viommufleet.deploy.cli;

import io.viommufleet.common.model.OperationProgress.Move;
import io.viommufleet.deploy.view.OperationReport;
import io.viommufleet.deploy.view.Words;
import java.util.List;

/** Operations as tables. */
final class OperationTables {
    private static final String NONE = "-";

    private OperationTables() {}

    /** A line for each operation; for a single one, its moves too. */
    static void print(Terminal terminal, List<OperationReport> reports) {
        if (reports.isEmpty()) {
            return;
        }
        Table table = new Table(terminal, "OPERATION", "ACTION", "STATE", "MOVED", "WHY");
        for (OperationReport report : reports) {
            table.row(
                    report.key().key(),
                    report.action().words(),
                    report.stateWord(),
                    report.moveCounts().isEmpty() ? NONE : report.moveCounts(),
                    report.reason());
        }
        table.print();
        if (reports.size() == 1 && !reports.getFirst().moves().isEmpty()) {
            terminal.out().println();
            moves(terminal, reports.getFirst().moves());
        }
    }

    private static void moves(Terminal terminal, List<Move> moves) {
        Table table = new Table(terminal, "VM", "STATE", "TO", "WHY");
        moves.forEach(
                move -> table.row(move.vm(), Words.of(move.state()), move.to().orElse(NONE), move.reason()));
        table.print();
    }
}
