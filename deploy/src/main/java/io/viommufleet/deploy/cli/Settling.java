package io.viommufleet.deploy.cli;

import io.viommufleet.common.model.VirtualMachine;
import io.viommufleet.deploy.view.FleetState.CellKey;
import io.viommufleet.deploy.view.FleetView;
import io.viommufleet.deploy.view.Settlement;
import io.viommufleet.deploy.view.Words;
import java.time.Duration;
import java.util.List;
import java.util.stream.Collectors;

/**
 * Waits until a fleet has come to rest. Partitions may be read at different moments, so it must still be at rest after a quiet
 * while in which no record came.
 */
final class Settling {
    private static final Duration QUIET = Duration.ofMillis(400);

    private final FleetView view;
    private final int hosts;
    private final List<VirtualMachine> wanted;

    Settling(FleetView view, int hosts, List<VirtualMachine> wanted) {
        this.view = view;
        this.hosts = hosts;
        this.wanted = wanted;
    }

    /**
     * Waits.
     *
     * @return what is still moving at the deadline; empty once all has settled
     */
    List<String> await(long deadlineNanos, Progress progress) {
        while (true) {
            boolean news = view.poll(QUIET);
            List<String> moving = moving();
            if (moving.isEmpty() && !news) {
                return moving;
            }
            if (System.nanoTime() >= deadlineNanos) {
                return moving.isEmpty() ? List.of() : moving;
            }
            progress.step(phases());
        }
    }

    private List<String> moving() {
        for (VirtualMachine vm : wanted) {
            if (!view.state().requests().containsKey(new CellKey<>(vm.metadata().cell(), vm.key()))) {
                return List.of(vm.key() + " has not been read back yet");
            }
        }
        return Settlement.moving(view.state(), hosts);
    }

    private String phases() {
        String counts = Settlement.phases(view.state()).entrySet().stream()
                .map(entry -> entry.getValue() + " " + Words.of(entry.getKey()))
                .collect(Collectors.joining(", "));
        return "%d VMs: %s".formatted(wanted.size(), counts.isEmpty() ? "waiting for the controller" : counts);
    }
}
