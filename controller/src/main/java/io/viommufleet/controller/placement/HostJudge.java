package io.viommufleet.controller.placement;

import io.viommufleet.common.model.PlacementRules;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Finds the first obstacle between a VM and one host, in the order of {@link Obstacle}; which hosts the VM names apart. */
final class HostJudge {
    private HostJudge() {}

    /** The first obstacle, the hosts that the VM names included; empty where the host takes the VM. */
    static Optional<Obstacle> obstacle(Candidate vm, IndexedHost host, VmProfile profile) {
        List<String> named = vm.spec().placement().hosts();
        return named.isEmpty() || named.contains(host.name())
                ? obstacle(vm, host, profile.on(vm, host))
                : Optional.of(Obstacle.NOT_ALLOWED);
    }

    /**
     * The first obstacle, hosts that the VM names apart.
     *
     * @param choices that the host offers the VM
     */
    static Optional<Obstacle> obstacle(Candidate vm, IndexedHost host, VmProfile.Choices choices) {
        Optional<Obstacle> whatever = beforeFit(vm, host, choices);
        return whatever.isPresent()
                ? whatever
                : switch (new HostFit(vm, host, choices.slots()).answer()) {
                    case HostFit.Answer.Fits _ -> Optional.empty();
                    case HostFit.Answer.Not(Obstacle obstacle) -> Optional.of(obstacle);
                };
    }

    /** The first obstacle that no claim has to do with. */
    static Optional<Obstacle> beforeFit(Candidate vm, IndexedHost host, VmProfile.Choices choices) {
        return outOfBounds(vm, host)
                .or(() -> host.standing().obstacle())
                .or(() -> rulesUnknown(vm, host))
                .or(choices::obstacle);
    }

    private static Optional<Obstacle> outOfBounds(Candidate vm, IndexedHost host) {
        if (missingLabel(vm, host).isPresent()) {
            return Optional.of(Obstacle.NOT_ALLOWED);
        }
        return vm.spec().placement().pool().equals(host.standing().pool())
                ? Optional.empty()
                : Optional.of(Obstacle.WRONG_POOL);
    }

    /** A label that the VM wants and the host lacks, as {@code key=value}; the first in alphabetical order. */
    static Optional<String> missingLabel(Candidate vm, IndexedHost host) {
        PlacementRules rules = vm.spec().placement();
        Map<String, String> labels = host.inventory().metadata().labels();
        return rules.labels().entrySet().stream()
                .filter(wanted -> !wanted.getValue().equals(labels.get(wanted.getKey())))
                .map(wanted -> wanted.getKey() + "=" + wanted.getValue())
                .sorted()
                .findFirst();
    }

    private static Optional<Obstacle> rulesUnknown(Candidate vm, IndexedHost host) {
        return host.inventory()
                        .rulesVersions()
                        .contains(vm.decision().rulesVersion().toString())
                ? Optional.empty()
                : Optional.of(Obstacle.RULES_UNKNOWN);
    }
}
