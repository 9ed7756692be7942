package io.viommufleet.deploy.cli;

import io.viommufleet.deploy.view.FleetReport;
import io.viommufleet.deploy.view.FleetView;
import io.viommufleet.deploy.view.OperationReport;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** Prints a line for each VM, operation and breaker now, and another whenever one changes, until it is interrupted. */
@Command(
        name = "watch",
        mixinStandardHelpOptions = true,
        description = "Prints the state of every VM, operation and breaker, and again whenever one changes.")
final class WatchCommand implements Callable<Integer> {
    private static final Duration POLL = Duration.ofSeconds(1);

    private final Terminal terminal;

    @Mixin
    private final KafkaOptions kafka = new KafkaOptions();

    WatchCommand(Terminal terminal) {
        this.terminal = terminal;
    }

    @Override
    public Integer call() {
        Map<String, String> shown = new HashMap<>();
        try (FleetView view = FleetView.open(kafka.connection())) {
            print(view, shown);
            while (!Thread.currentThread().isInterrupted()) {
                if (view.poll(POLL)) {
                    print(view, shown);
                }
            }
        }
        return 0;
    }

    private void print(FleetView view, Map<String, String> shown) {
        for (FleetReport.Vm vm : FleetReport.of(view.state()).vms()) {
            String line = "%s %s%s%s"
                    .formatted(
                            vm.id(),
                            vm.phase(),
                            vm.host().map(host -> " on " + host).orElse(""),
                            vm.reason().isEmpty() ? "" : ": " + vm.reason());
            tell(shown, vm.id(), line);
        }
        for (OperationReport operation : OperationReport.all(view.state())) {
            tell(shown, "operation/" + operation.key(), "operation " + operation.line());
        }
        view.state()
                .breakers()
                .forEach((cell, breaker) -> tell(shown, "breaker/" + cell, BreakerLines.line(cell, breaker)));
    }

    private void tell(Map<String, String> shown, String key, String line) {
        if (!line.equals(shown.put(key, line))) {
            terminal.out().println(line);
            terminal.out().flush();
        }
    }
}
