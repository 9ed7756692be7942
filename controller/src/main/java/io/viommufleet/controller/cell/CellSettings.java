package io.viommufleet.controller.cell;

import java.time.Duration;

/**
 * What an operator can set about a cell.
 *
 * @param agentTimeout a silent agent gets no new placement, and a newer incarnation may be admitted in its stead
 * @param maxMovesPerStep how many VMs one transaction may change
 */
public record CellSettings(Duration agentTimeout, int maxMovesPerStep) {
    /** Ten seconds, a hundred VMs. */
    public static final CellSettings DEFAULT = new CellSettings(Duration.ofSeconds(10), 100);
}
