package io.viommufleet.agent.app;

import io.viommufleet.agent.host.HostSource;
import io.viommufleet.agent.vmm.HostRuntime;
import io.viommufleet.common.model.HostInventory;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/**
 * What an agent is started with.
 *
 * @param bootstrapServers of Kafka, host:port separated by commas
 * @param kafkaProperties further client properties; they win
 * @param host what the agent looks at
 * @param boots makes the (emulated) host of one boot from its inventory
 * @param stateDirectory what the agent remembers; one agent at a time
 * @param bootId the kernel's id of this boot; empty for a host that is emulated, whose boot is kept in the state directory
 * @param newBoot begins a new boot of an emulated host
 * @param httpPort for metrics and health; 0 chooses one, empty serves none
 * @param heartbeatInterval between signs of life
 * @param inventoryInterval between looks at the host
 * @param startDeadline how long Kafka may be unreachable at the first start
 */
public record AgentConfig(
        String bootstrapServers,
        Map<String, String> kafkaProperties,
        HostSource host,
        Function<HostInventory, HostRuntime> boots,
        Path stateDirectory,
        Optional<String> bootId,
        boolean newBoot,
        Optional<Integer> httpPort,
        Duration heartbeatInterval,
        Duration inventoryInterval,
        Duration startDeadline) {
    public static final Duration DEFAULT_HEARTBEAT = Duration.ofSeconds(2);
    public static final Duration DEFAULT_INVENTORY = Duration.ofSeconds(5);
    public static final Duration DEFAULT_START_DEADLINE = Duration.ofSeconds(15);

    public AgentConfig {
        kafkaProperties = Map.copyOf(kafkaProperties);
        if (heartbeatInterval.isNegative() || heartbeatInterval.isZero()) {
            throw new IllegalArgumentException(
                    "heartbeat interval is %s; it must be positive".formatted(heartbeatInterval));
        }
    }

    /** An emulated host with the defaults. */
    public static AgentConfig of(
            String bootstrapServers, HostSource host, Function<HostInventory, HostRuntime> boots, Path stateDirectory) {
        return new AgentConfig(
                bootstrapServers,
                Map.of(),
                host,
                boots,
                stateDirectory,
                Optional.empty(),
                false,
                Optional.of(0),
                DEFAULT_HEARTBEAT,
                DEFAULT_INVENTORY,
                DEFAULT_START_DEADLINE);
    }

    /** The same, as the host begins a new boot. */
    public AgentConfig rebooted() {
        return new AgentConfig(
                bootstrapServers,
                kafkaProperties,
                host,
                boots,
                stateDirectory,
                bootId,
                true,
                httpPort,
                heartbeatInterval,
                inventoryInterval,
                startDeadline);
    }
}
