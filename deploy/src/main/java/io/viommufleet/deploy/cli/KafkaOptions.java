package io.viommufleet.deploy.cli;

import io.viommufleet.common.FleetError;
import io.viommufleet.common.FleetException;
import io.viommufleet.common.kafka.KafkaConnection;
import java.io.IOException;
import java.io.Reader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import picocli.CommandLine.Option;

/** How to reach Kafka. */
final class KafkaOptions {
    static final String DEFAULT_SERVERS = "localhost:9092";

    @Option(
            names = "--bootstrap-server",
            paramLabel = "HOST:PORT",
            description = "Kafka to talk to; several separated by commas. Default: ${DEFAULT-VALUE}.")
    String servers = DEFAULT_SERVERS;

    @Option(
            names = "--command-config",
            paramLabel = "FILE",
            description = "A properties file with further Kafka client settings, such as those of TLS.")
    Optional<Path> file = Optional.empty();

    @Option(
            names = "--deadline",
            paramLabel = "SECONDS",
            description = "How long Kafka may take to answer. Default: ${DEFAULT-VALUE}.")
    int deadlineSeconds = 15;

    KafkaConnection connection() {
        if (deadlineSeconds < 1) {
            throw new FleetException(
                    FleetError.USAGE, "--deadline is %d; it must be at least 1 second".formatted(deadlineSeconds));
        }
        return new KafkaConnection(servers, properties(), Duration.ofSeconds(deadlineSeconds), Optional.empty());
    }

    Map<String, String> properties() {
        Map<String, String> settings = new HashMap<>();
        file.ifPresent(path -> {
            Properties properties = new Properties();
            try (Reader reader = Files.newBufferedReader(path)) {
                properties.load(reader);
            } catch (IOException | IllegalArgumentException unreadable) {
                throw new FleetException(
                        FleetError.USAGE,
                        "--command-config %s cannot be read: %s".formatted(path, unreadable),
                        unreadable);
            }
            properties.stringPropertyNames().forEach(name -> settings.put(name, properties.getProperty(name)));
        });
        return settings;
    }
}
