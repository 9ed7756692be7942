package io.viommufleet.controller.app;

import io.viommufleet.common.kafka.KafkaConnection;
import io.viommufleet.common.kafka.Partitions;
import io.viommufleet.controller.cell.CellSettings;
import java.util.Optional;

/**
 * How a controller runs.
 *
 * @param instance its stable name
 * @param kafka how to reach the log
 * @param layout cells and attachment partitions per cell that the fleet is to have; empty takes those of the topics that exist
 * @param replication replicas of each topic: 1 on one broker, 3 elsewhere
 * @param createTopics creates missing topics; otherwise only checks them
 * @param cells settings of the cells that it leads
 * @param httpHost where metrics and health are served
 * @param httpPort 0 chooses a free one
 */
public record ControllerConfig(
        String instance,
        KafkaConnection kafka,
        Optional<Partitions> layout,
        int replication,
        boolean createTopics,
        CellSettings cells,
        String httpHost,
        int httpPort) {
    public ControllerConfig {
        if (createTopics && layout.isEmpty()) {
            throw new IllegalArgumentException("topics can be created only for a given number of cells");
        }
    }
}
