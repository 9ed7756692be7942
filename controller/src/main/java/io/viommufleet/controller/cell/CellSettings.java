package io.viommufleet.controller.cell;

import java.time.Duration;

/**
 * What an operator can set about a cell.
 *
 * @param agentTimeout a silent agent gets no new placement, and a newer incarnation may be admitted in its stead
 * @param lease how long an agent that cannot reach Kafka keeps the VMs that are to be evacuated; counted by the agent
 * @param evacuationMargin how long after the lease the VMs of a silent host are started elsewhere
 * @param breakerPercent silent hosts at once, in percent of the cell, beyond which none is given up; a policy may say otherwise
 * @param maxMovesPerStep how many VMs one transaction may change
 */
public record CellSettings(
        Duration agentTimeout, Duration lease, Duration evacuationMargin, int breakerPercent, int maxMovesPerStep) {
    /** Ten seconds; thirty and fifteen; a tenth of the cell; a hundred VMs. */
    public static final CellSettings DEFAULT =
            new CellSettings(Duration.ofSeconds(10), Duration.ofSeconds(30), Duration.ofSeconds(15), 10, 100);

    /** From here on a silent host is given up. */
    Duration lossTimeout() {
        return lease.plus(evacuationMargin);
    }
}
