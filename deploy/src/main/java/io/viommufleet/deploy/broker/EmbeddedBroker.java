package io.viommufleet.deploy.broker;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.viommufleet.common.FleetError;
import io.viommufleet.common.FleetException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.io.Writer;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Properties;
import java.util.stream.Stream;
import kafka.server.KafkaConfig;
import kafka.server.KafkaRaftServer;
import kafka.tools.StorageTool;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.utils.Time;
import org.jspecify.annotations.Nullable;

/**
 * One Kafka node in this process, broker and KRaft controller at once. It can be stopped and started again on the same data
 * and the same port.
 *
 * <p>The only class that uses Kafka's server internals; they are pinned to one version by the build. One thread at a time.
 */
public final class EmbeddedBroker implements AutoCloseable {
    private static final int NODE_ID = 1;

    private final BrokerSettings settings;
    private final int port;
    private final int controllerPort;
    private @Nullable KafkaRaftServer server;

    private EmbeddedBroker(BrokerSettings settings, int port, int controllerPort) {
        this.settings = settings;
        this.port = port;
        this.controllerPort = controllerPort;
    }

    /**
     * Starts a broker; it answers when this returns.
     *
     * @throws FleetException if the port is taken, or the directory is unusable or belongs to another running broker
     */
    public static EmbeddedBroker start(BrokerSettings settings) {
        int port = freePort(settings.host(), settings.port());
        EmbeddedBroker broker = new EmbeddedBroker(settings, port, freePort("localhost", 0));
        broker.start();
        return broker;
    }

    /** What clients take as {@code bootstrap.servers}. */
    public String bootstrapServers() {
        return settings.host() + ":" + port;
    }

    /** Where it keeps its data. */
    public Path dataDirectory() {
        return settings.dataDirectory();
    }

    /** Whether it was started and not stopped since. */
    public boolean running() {
        return server != null;
    }

    /** Starts it again after {@link #stop}, on the same data and port; does nothing while it runs. */
    public void start() {
        if (server != null) {
            return;
        }
        freePort(settings.host(), port);
        Properties properties = properties();
        format(properties);
        try {
            KafkaRaftServer starting = new KafkaRaftServer(new KafkaConfig(properties, false), Time.SYSTEM);
            starting.startup();
            server = starting;
        } catch (RuntimeException failure) {
            throw new FleetException(
                    FleetError.FAILED,
                    "the broker did not start in %s on %s: %s"
                            .formatted(settings.dataDirectory(), bootstrapServers(), failure.getMessage()),
                    failure);
        }
    }

    /** Stops it in good order and keeps its data; does nothing when it is stopped. */
    public void stop() {
        KafkaRaftServer stopping = server;
        server = null;
        if (stopping != null) {
            stopping.shutdown();
            stopping.awaitShutdown();
        }
    }

    @Override
    public void close() {
        stop();
    }

    /** Deletes a data directory, of a broker that is stopped. */
    public static void deleteData(Path directory) {
        try (Stream<Path> all = Files.walk(directory)) {
            for (Path path : all.sorted((a, b) -> b.compareTo(a)).toList()) {
                Files.delete(path);
            }
        } catch (IOException failure) {
            throw new FleetException(FleetError.FAILED, "cannot delete %s: %s".formatted(directory, failure), failure);
        }
    }

    private void format(Properties properties) {
        Path file = settings.dataDirectory().resolve("broker.properties");
        try {
            Files.createDirectories(settings.dataDirectory());
            try (Writer writer = Files.newBufferedWriter(file)) {
                properties.store(writer, null);
            }
            if (!Files.exists(logDirectory().resolve("meta.properties"))) {
                format(file);
            }
        } catch (IOException | RuntimeException failure) {
            throw new FleetException(
                    FleetError.FAILED,
                    "the broker cannot use its directory %s: %s".formatted(settings.dataDirectory(), failure),
                    failure);
        }
    }

    private static void format(Path properties) throws IOException {
        ByteArrayOutputStream said = new ByteArrayOutputStream();
        String cluster = Uuid.randomUuid().toString();
        String[] command = {"format", "--config", properties.toString(), "--cluster-id", cluster};
        if (StorageTool.execute(command, new PrintStream(said, true, UTF_8)) != 0) {
            throw new IOException(said.toString(UTF_8));
        }
    }

    private Path logDirectory() {
        return settings.dataDirectory().resolve("data");
    }

    private Properties properties() {
        Properties properties = new Properties();
        BrokerDefaults.VALUES.forEach(properties::setProperty);
        properties.setProperty("node.id", Integer.toString(NODE_ID));
        properties.setProperty("process.roles", "broker,controller");
        properties.setProperty("log.dirs", logDirectory().toString());
        properties.setProperty("controller.listener.names", "CONTROLLER");
        properties.setProperty("controller.quorum.voters", NODE_ID + "@localhost:" + controllerPort);
        properties.setProperty(
                "listeners",
                "PLAINTEXT://%s:%d,CONTROLLER://localhost:%d".formatted(settings.host(), port, controllerPort));
        return properties;
    }

    /** Checks first, because Kafka ends the whole process when its controller cannot listen. */
    private static int freePort(String host, int port) {
        try (ServerSocket socket = new ServerSocket()) {
            socket.setReuseAddress(true);
            socket.bind(new InetSocketAddress(InetAddress.getByName(host), port));
            return socket.getLocalPort();
        } catch (IOException failure) {
            throw new FleetException(
                    FleetError.FAILED,
                    "the broker cannot listen on %s:%d: %s; choose another port or stop what uses it"
                            .formatted(host, port, failure.getMessage()),
                    failure);
        }
    }
}
