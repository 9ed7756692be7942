package io.viommufleet.controller.cell;

import java.time.Duration;

/**
 * What an operator can set about a cell.
 *
 * @param agentTimeout a silent agent gets no new placement, and a newer incarnation may be admitted in its stead
 * @param lease how long a host may keep a VM that evacuates, after its last heartbeat; then it resets itself
 * @param maxMovesPerStep how many VMs one transaction may change
 */
public record CellSettings(Duration agentTimeout, Duration lease, int maxMovesPerStep) {
    /** Ten seconds of silence, a lease of thirty, a hundred VMs. */
    public static final CellSettings DEFAULT = new CellSettings(Duration.ofSeconds(10), Duration.ofSeconds(30), 100);
}
