package io.viommufleet.controller.cell;

import io.viommufleet.common.model.OperationProgress.Move;
import io.viommufleet.common.model.OperationProgress.MoveState;
import io.viommufleet.common.model.Placement;
import io.viommufleet.common.model.Policy.Rule;
import io.viommufleet.common.model.PolicyState;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** How many VMs move out of or into one zone at a time, by policy: a drain shall not take a zone's network for itself. */
final class MoveLimits {
    private final Draft draft;
    private final List<Map.Entry<String, Rule.Limits>> limits;
    private final Map<String, Integer> movingByHost = new HashMap<>();

    MoveLimits(Draft draft, Agenda agenda) {
        this.draft = draft;
        this.limits = draft.state().policyStates().values().stream()
                .map(Owned::value)
                .flatMap(policy -> limits(policy).stream())
                .toList();
        if (!limits.isEmpty()) {
            agenda.running().stream()
                    .flatMap(id -> draft.progress(id).stream())
                    .flatMap(progress -> progress.moves().stream())
                    .filter(move -> move.state() == MoveState.MOVING)
                    .forEach(this::count);
        }
    }

    private static Optional<Map.Entry<String, Rule.Limits>> limits(PolicyState policy) {
        return policy.rule()
                .filter(rule ->
                        rule instanceof Rule.Limits of && of.movesPerZone().isPresent())
                .map(rule -> Map.entry(policy.name(), (Rule.Limits) rule));
    }

    private void count(Move move) {
        draft.placement(move.vm())
                .flatMap(Placement::active)
                .ifPresent(leg -> started(leg.host(), move.to().orElse(leg.host())));
    }

    /** Another VM moves. */
    void started(String from, String to) {
        movingByHost.merge(from, 1, Integer::sum);
        if (!to.equals(from)) {
            movingByHost.merge(to, 1, Integer::sum);
        }
    }

    /** Why another VM may not start to move now; empty where it may. */
    Optional<String> refusal(String from, String to) {
        return limits.stream()
                .flatMap(limit -> refusal(limit.getKey(), limit.getValue(), from, to).stream())
                .findFirst();
    }

    private Optional<String> refusal(String policy, Rule.Limits limit, String from, String to) {
        String label = limit.zoneLabel().orElse("zone");
        int most = limit.movesPerZone().orElseThrow();
        Set<String> zones = new HashSet<>(List.of(zone(from, label), zone(to, label)));
        return zones.stream()
                .filter(zone -> movingIn(zone, label) >= most)
                .sorted()
                .findFirst()
                .map(zone -> "%d move in %s %s at once, by policy %s".formatted(most, label, zone, policy));
    }

    private int movingIn(String zone, String label) {
        return movingByHost.entrySet().stream()
                .filter(entry -> zone(entry.getKey(), label).equals(zone))
                .mapToInt(Map.Entry::getValue)
                .sum();
    }

    private String zone(String host, String label) {
        return draft.inventory(host)
                .map(inventory -> inventory.metadata().labels().getOrDefault(label, ""))
                .orElse("");
    }
}
