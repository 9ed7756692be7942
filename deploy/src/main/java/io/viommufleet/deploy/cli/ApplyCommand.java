package io.viommufleet.deploy.cli;

import io.viommufleet.common.kafka.FleetWriter;
import io.viommufleet.common.kafka.KafkaConnection;
import io.viommufleet.common.kafka.Topics;
import io.viommufleet.common.model.Policy;
import io.viommufleet.common.model.VirtualMachine;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** Asks for VMs and policies. */
@Command(
        name = "apply",
        mixinStandardHelpOptions = true,
        description = {
            "Asks for VMs and policies: publishes what the files say.",
            "'fleet get vms' and 'fleet get policies' show what came of it."
        })
final class ApplyCommand implements Callable<Integer> {
    private final Terminal terminal;

    @Mixin
    private final KafkaOptions kafka = new KafkaOptions();

    @Parameters(arity = "1..*", paramLabel = "FILE", description = "Files, directories, or - for standard input.")
    private List<String> files = List.of();

    ApplyCommand(Terminal terminal) {
        this.terminal = terminal;
    }

    @Override
    public Integer call() {
        InputFiles wanted = InputFiles.read(files, terminal.in());
        KafkaConnection connection = kafka.connection();
        try (FleetWriter writer = new FleetWriter(connection, "viommu-cli", new Topics(connection).find())) {
            for (Policy policy : wanted.policies()) {
                Requests.publish(writer, policy);
                terminal.out().println("policy %s asked for".formatted(policy.key()));
            }
            for (VirtualMachine vm : wanted.vms()) {
                Requests.publish(writer, vm);
                terminal.out().println("%s asked for".formatted(vm.key()));
            }
        }
        return 0;
    }
}
