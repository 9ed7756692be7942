package io.viommufleet.controller.placement;

import java.util.EnumMap;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * How many hosts have which obstacle to a VM.
 *
 * @param hosts all of them
 * @param feasible those that would take it now
 * @param obstacles hosts by first obstacle; none with 0
 */
public record VerdictCounts(int hosts, int feasible, Map<Obstacle, Integer> obstacles) {
    public VerdictCounts {
        Map<Obstacle, Integer> copy = new EnumMap<>(Obstacle.class);
        obstacles.forEach((obstacle, count) -> {
            if (count > 0) {
                copy.put(obstacle, count);
            }
        });
        obstacles = java.util.Collections.unmodifiableMap(copy);
    }

    /**
     * Counts by reason, the most frequent first: {@code 0/9 hosts: 4 IOMMU cannot nest, 3 no free device, 2 not allowed by the
     * VM}.
     */
    public String summary() {
        String reasons = obstacles.entrySet().stream()
                .sorted(Map.Entry.<Obstacle, Integer>comparingByValue().reversed())
                .map(entry -> entry.getValue() + " " + entry.getKey().summary())
                .collect(Collectors.joining(", "));
        return "%d/%d hosts%s".formatted(feasible, hosts, reasons.isEmpty() ? "" : ": " + reasons);
    }
}
