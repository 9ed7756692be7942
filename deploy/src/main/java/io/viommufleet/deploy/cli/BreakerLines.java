package io.viommufleet.deploy.cli;

import io.viommufleet.common.model.Breaker;
import io.viommufleet.deploy.view.FleetState;

/** Says that a cell has stopped acting on lost hosts. */
final class BreakerLines {
    private BreakerLines() {}

    /** A line for each breaker that is open. */
    static void print(Terminal terminal, FleetState state) {
        state.breakers().forEach((cell, breaker) -> {
            if (breaker.open().isPresent()) {
                terminal.out().println(line(cell, breaker));
            }
        });
    }

    static String line(int cell, Breaker breaker) {
        return breaker.open()
                .map(why -> "The breaker of cell %d is open: %s. 'fleet reset-breaker' closes it.".formatted(cell, why))
                .orElse("The breaker of cell %d is closed.".formatted(cell));
    }
}
