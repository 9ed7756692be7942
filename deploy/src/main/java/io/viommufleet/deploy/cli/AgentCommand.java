package io.viommufleet.deploy.cli;

import io.viommufleet.agent.app.AgentApp;
import io.viommufleet.agent.app.AgentConfig;
import io.viommufleet.agent.host.HostSource;
import io.viommufleet.agent.host.HostSources;
import io.viommufleet.agent.vmm.EmulatedHost;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** The agent role: one host. */
@Command(
        name = "agent",
        mixinStandardHelpOptions = true,
        description = {
            "Runs the agent of one host: publishes what the host has, and attaches devices as the controller commands.",
            "Devices are attached through an emulated iommufd and VFIO, built from the host's registers."
        })
final class AgentCommand implements Callable<Integer> {
    private final Terminal terminal;

    @Mixin
    private final KafkaOptions kafka = new KafkaOptions();

    @Option(
            names = "--host",
            paramLabel = "PATH",
            required = true,
            description = "The host: a YAML file, a directory with a sysfs tree, or / for this machine.")
    private Path host = Path.of("");

    @Option(
            names = "--state-dir",
            paramLabel = "DIR",
            required = true,
            description = "What the agent remembers over a restart within one boot of its host.")
    private Path state = Path.of("");

    @Option(
            names = "--new-boot",
            description = "The emulated host has been restarted: it begins with nothing attached.")
    private boolean newBoot;

    @Option(names = "--http-port", description = "0 chooses a free one. Default: ${DEFAULT-VALUE}.")
    private int httpPort = 9402;

    AgentCommand(Terminal terminal) {
        this.terminal = terminal;
    }

    @Override
    public Integer call() throws InterruptedException {
        HostSource source = HostSources.one(host, Optional.empty());
        AgentApp agent = AgentApp.start(new AgentConfig(
                kafka.servers,
                kafka.properties(),
                source,
                EmulatedHost::new,
                state,
                Optional.empty(),
                newBoot,
                Optional.of(httpPort),
                AgentConfig.DEFAULT_HEARTBEAT,
                AgentConfig.DEFAULT_INVENTORY,
                Duration.ofSeconds(kafka.deadlineSeconds)));
        Shutdown.closing(agent);
        terminal.out()
                .println("agent of %s serves metrics and health on %s"
                        .formatted(agent.identity().host(), agent.url().orElse("nothing")));
        terminal.out().flush();
        agent.await();
        return 0;
    }
}
