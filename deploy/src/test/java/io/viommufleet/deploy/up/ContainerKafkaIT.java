package io.viommufleet.deploy.up;

import static org.assertj.core.api.Assertions.assertThat;

import io.viommufleet.deploy.cli.CommandRun;
import org.junit.jupiter.api.Test;
import org.testcontainers.DockerClientFactory;
import org.testcontainers.kafka.KafkaContainer;
import org.testcontainers.utility.DockerImageName;

/** The example fleet on Kafka in a container, where a Docker engine answers. */
class ContainerKafkaIT {
    private static final DockerImageName IMAGE = DockerImageName.parse("apache/kafka:4.4.0");

    @Test
    void theExampleFleetSettlesOnKafkaInAContainer() {
        if (!DockerClientFactory.instance().isDockerAvailable()) {
            System.out.println("ContainerKafkaIT: not run, for no Docker engine answers here");
            return;
        }
        try (KafkaContainer kafka = new KafkaContainer(IMAGE)) {
            kafka.start();

            CommandRun run = CommandRun.of(
                    "up",
                    "--settle",
                    "--bootstrap-server",
                    kafka.getBootstrapServers(),
                    "-o",
                    "json",
                    "--hosts",
                    "examples/hosts",
                    "--vms",
                    "examples/vms");

            assertThat(run.exitCode()).as(run.err()).isZero();
            assertThat(run.out()).contains("twin-on-spr-02").contains("\"drift\"");
        }
    }
}
