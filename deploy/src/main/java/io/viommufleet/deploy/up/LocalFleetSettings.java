package io.viommufleet.deploy.up;

import io.viommufleet.agent.host.HostSource;
import io.viommufleet.common.kafka.KafkaConnection;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * What a fleet in one process is made of.
 *
 * @param hosts one agent each
 * @param cells how many cells
 * @param dataDirectory of the broker and of the agents' state
 * @param port of the broker; 0 chooses a free one
 * @param outsideBroker Kafka that runs already, in place of a broker in this process
 * @param replication replicas of each topic
 */
public record LocalFleetSettings(
        List<HostSource> hosts,
        int cells,
        Path dataDirectory,
        int port,
        Optional<KafkaConnection> outsideBroker,
        int replication) {
    public LocalFleetSettings {
        hosts = List.copyOf(hosts);
    }
}
