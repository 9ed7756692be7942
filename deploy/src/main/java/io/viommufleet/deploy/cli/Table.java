package io.viommufleet.deploy.cli;

import java.util.ArrayList;
import java.util.List;

/** Columns of text, each as wide as it must be; the last one is not padded. */
final class Table {
    private static final String GAP = "  ";

    private final List<List<String>> rows = new ArrayList<>();
    private final Terminal terminal;

    Table(Terminal terminal, String... heads) {
        this.terminal = terminal;
        rows.add(List.of(heads));
    }

    Table row(String... cells) {
        if (cells.length != rows.getFirst().size()) {
            throw new IllegalArgumentException("%d cells in %d columns"
                    .formatted(cells.length, rows.getFirst().size()));
        }
        rows.add(List.of(cells));
        return this;
    }

    void print() {
        int columns = rows.getFirst().size();
        int[] widths = new int[columns];
        for (List<String> row : rows) {
            for (int column = 0; column < columns; column++) {
                widths[column] = Math.max(widths[column], row.get(column).length());
            }
        }
        for (int index = 0; index < rows.size(); index++) {
            terminal.out().println(line(rows.get(index), widths, index == 0));
        }
    }

    private String line(List<String> row, int[] widths, boolean head) {
        StringBuilder line = new StringBuilder();
        for (int column = 0; column < row.size(); column++) {
            String cell = row.get(column);
            boolean last = column == row.size() - 1;
            line.append(head ? cell : painted(cell));
            if (!last) {
                line.repeat(' ', widths[column] - cell.length()).append(GAP);
            }
        }
        return line.toString().stripTrailing();
    }

    /** States in the colour of traffic lights. */
    private String painted(String cell) {
        if (!terminal.colour()) {
            return cell;
        }
        int colour = switch (cell) {
            case "Running", "Attached", "Admitted", "Succeeded", "Done" -> 32;
            case "Failed", "Refused", "Infeasible", "Quarantined", "Lost" -> 31;
            case "Pending", "Placing", "Deleting", "Waiting", "Cordoned", "Moving", "Cancelled", "Asked for" -> 33;
            default -> 0;
        };
        return colour == 0 ? cell : "\033[%dm%s\033[0m".formatted(colour, cell);
    }
}
