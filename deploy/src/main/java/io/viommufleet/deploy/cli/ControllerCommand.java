package io.viommufleet.deploy.cli;

import io.viommufleet.common.kafka.Partitions;
import io.viommufleet.common.observe.ObservabilityServer;
import io.viommufleet.controller.app.ControllerApp;
import io.viommufleet.controller.app.ControllerConfig;
import io.viommufleet.controller.cell.CellSettings;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** The controller role. */
@Command(
        name = "controller",
        mixinStandardHelpOptions = true,
        description = "Runs a controller: leads the cells that Kafka's group assignment gives it.")
final class ControllerCommand implements Callable<Integer> {
    private final Terminal terminal;

    @Mixin
    private final KafkaOptions kafka = new KafkaOptions();

    @Option(names = "--instance", paramLabel = "NAME", description = "Its stable name. Default: ${DEFAULT-VALUE}.")
    private String instance = "controller-0";

    @Option(
            names = "--cells",
            paramLabel = "N",
            description = "Creates the topics for so many cells, if they do not exist; else they must exist.")
    private Optional<Integer> cells = Optional.empty();

    @Option(
            names = "--attachment-partitions",
            paramLabel = "K",
            description =
                    "Partitions of fleet.attachments per cell, one for about 100 hosts. Default: ${DEFAULT-VALUE}.")
    private int attachmentPartitions = 1;

    @Option(
            names = "--replication",
            paramLabel = "N",
            description = "Replicas of each topic: 3, or 1 on a single broker. Default: ${DEFAULT-VALUE}.")
    private int replication = 3;

    @Option(names = "--http-host", description = "Where metrics and health are served. Default: ${DEFAULT-VALUE}.")
    private String httpHost = ObservabilityServer.LOOPBACK;

    @Option(names = "--http-port", description = "0 chooses a free one. Default: ${DEFAULT-VALUE}.")
    private int httpPort = 9401;

    ControllerCommand(Terminal terminal) {
        this.terminal = terminal;
    }

    @Override
    public Integer call() throws InterruptedException {
        ControllerApp controller = ControllerApp.start(new ControllerConfig(
                instance,
                kafka.connection(),
                cells.map(count -> new Partitions(count, attachmentPartitions)),
                replication,
                cells.isPresent(),
                CellSettings.DEFAULT,
                httpHost,
                httpPort));
        Shutdown shutdown = Shutdown.closing(controller);
        terminal.out().println("controller serves metrics and health on " + controller.url());
        terminal.out().flush();
        shutdown.await();
        return 0;
    }
}
