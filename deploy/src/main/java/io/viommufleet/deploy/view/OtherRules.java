package io.viommufleet.deploy.view;

import io.viommufleet.common.model.Placement;
import io.viommufleet.common.viommu.ConfigurationError;
import io.viommufleet.common.viommu.Decision;
import io.viommufleet.common.viommu.DeviceDecision;
import io.viommufleet.common.viommu.RulesVersion;
import io.viommufleet.common.viommu.ViommuFlag;
import io.viommufleet.controller.placement.HostVerdict;
import io.viommufleet.deploy.view.FleetState.CellKey;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * What other decision rules would make of the VMs of the fleet. A VM's own rules are pinned for its life; this only tells what
 * would differ, were it asked for anew.
 *
 * @param rules the other rules
 * @param vms how many VMs have a decision
 * @param differing those whose flags would differ or that would be refused
 */
public record OtherRules(RulesVersion rules, int vms, List<Difference> differing) {
    public OtherRules {
        differing = List.copyOf(differing);
    }

    /**
     * One VM.
     *
     * @param changes what differs, a line for each device, or why it would be refused
     * @param hosts of its cell that could still take it, by name
     * @param others how many hosts of its cell could not
     */
    public record Difference(CellKey<String> vm, List<String> changes, List<String> hosts, int others) {
        public Difference {
            changes = List.copyOf(changes);
            hosts = List.copyOf(hosts);
        }
    }

    /** Decides every VM again. */
    public static OtherRules of(FleetState state, RulesVersion rules) {
        Map<Integer, FleetFork> forks = new TreeMap<>();
        List<Difference> differing = new ArrayList<>();
        int decided = 0;
        for (Map.Entry<CellKey<String>, Placement> entry : state.placements().entrySet()) {
            Placement placement = entry.getValue();
            if (placement.decision().isPresent()) {
                decided++;
                List<String> changes = changes(placement.decision().get(), rules);
                if (!changes.isEmpty()) {
                    FleetFork fork = forks.computeIfAbsent(entry.getKey().cell(), cell -> new FleetFork(state, cell));
                    differing.add(difference(fork, entry.getKey(), placement, changes, rules));
                }
            }
        }
        return new OtherRules(rules, decided, differing);
    }

    private static List<String> changes(Placement.Admission admission, RulesVersion rules) {
        return switch (admission.configuration().decide(rules)) {
            case Decision.Refused refused ->
                List.of("refused: "
                        + refused.errors().stream()
                                .map(ConfigurationError::message)
                                .collect(Collectors.joining("; ")));
            case Decision.Decided decided ->
                admission.certificate().devices().stream()
                        .flatMap(before -> decided.device(before.id()).stream()
                                .filter(after -> !after.flags().equals(before.flags()))
                                .map(after ->
                                        "%s: %s instead of %s".formatted(before.id(), flags(after), flags(before))))
                        .toList();
        };
    }

    private static String flags(DeviceDecision device) {
        return device.flags().isEmpty()
                ? "no flags"
                : device.flags().stream().map(ViommuFlag::name).collect(Collectors.joining(", "));
    }

    private static Difference difference(
            FleetFork fork, CellKey<String> vm, Placement placement, List<String> changes, RulesVersion rules) {
        List<HostVerdict> verdicts = Optional.of(placement)
                .flatMap(one -> FleetFork.candidate(one, rules))
                .map(candidate -> fork.verdicts(FleetFork.unpinned(candidate)))
                .orElse(List.of());
        List<String> able = verdicts.stream()
                .filter(HostVerdict::feasible)
                .map(HostVerdict::host)
                .toList();
        return new Difference(vm, changes, able, verdicts.size() - able.size());
    }
}
