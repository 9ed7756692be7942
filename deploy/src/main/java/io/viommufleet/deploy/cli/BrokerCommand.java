package io.viommufleet.deploy.cli;

import io.viommufleet.deploy.broker.BrokerSettings;
import io.viommufleet.deploy.broker.EmbeddedBroker;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** The broker role: one Kafka node with its data in a directory. */
@Command(
        name = "broker",
        mixinStandardHelpOptions = true,
        description = "Runs one real Kafka node (broker and KRaft controller), for trials and small fleets.")
final class BrokerCommand implements Callable<Integer> {
    private static final int DEFAULT_PORT = 9092;

    private final Terminal terminal;

    @Option(
            names = "--host",
            description = "The name or address to listen on and to advertise. Default: ${DEFAULT-VALUE}.")
    private String host = "localhost";

    @Option(names = "--port", description = "0 chooses a free one. Default: ${DEFAULT-VALUE}.")
    private int port = DEFAULT_PORT;

    @Option(
            names = "--data-dir",
            paramLabel = "DIR",
            required = true,
            description = "Where the log is kept; a broker that is started on it again has everything.")
    private Path directory = Path.of("");

    BrokerCommand(Terminal terminal) {
        this.terminal = terminal;
    }

    @Override
    public Integer call() throws InterruptedException {
        EmbeddedBroker broker = EmbeddedBroker.start(new BrokerSettings(directory, host, port));
        Shutdown shutdown = Shutdown.closing(broker);
        terminal.out().println("broker listens on " + broker.bootstrapServers());
        terminal.out().flush();
        shutdown.await();
        return 0;
    }
}
