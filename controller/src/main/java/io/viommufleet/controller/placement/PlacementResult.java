package io.viommufleet.controller.placement;

import io.viommufleet.common.model.Placement;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * Where a VM goes, or why nowhere.
 *
 * @param leg the chosen host and devices
 * @param verdicts of every host, in order of name
 */
public record PlacementResult(Optional<Placement.Leg> leg, List<HostVerdict> verdicts) {
    public PlacementResult {
        verdicts = List.copyOf(verdicts);
    }

    /**
     * Counts per reason, the most frequent first: {@code 0/9 hosts: 4 IOMMU cannot nest, 3 no free device, 2 not allowed by
     * the VM}.
     */
    public String summary() {
        Map<Obstacle, Long> counts = new EnumMap<>(Obstacle.class);
        verdicts.forEach(verdict -> verdict.obstacle().ifPresent(obstacle -> counts.merge(obstacle, 1L, Long::sum)));
        String reasons = counts.entrySet().stream()
                .sorted(Map.Entry.<Obstacle, Long>comparingByValue().reversed())
                .map(entry -> entry.getValue() + " " + entry.getKey().summary())
                .collect(Collectors.joining(", "));
        long feasible = verdicts.stream().filter(HostVerdict::feasible).count();
        return "%d/%d hosts%s".formatted(feasible, verdicts.size(), reasons.isEmpty() ? "" : ": " + reasons);
    }
}
