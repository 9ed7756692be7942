package io.viommufleet.controller.placement;

import java.util.Optional;

/**
 * What one host is to one VM.
 *
 * @param host the host
 * @param obstacle the first thing in the way; empty where the VM could run
 * @param reason in words, with the device and the values on both sides; empty likewise
 */
public record HostVerdict(String host, Optional<Obstacle> obstacle, String reason) {
    static HostVerdict feasible(String host) {
        return new HostVerdict(host, Optional.empty(), "");
    }

    static HostVerdict not(String host, Obstacle obstacle, String reason) {
        return new HostVerdict(host, Optional.of(obstacle), reason);
    }

    /** Whether nothing is in the way. */
    public boolean feasible() {
        return obstacle.isEmpty();
    }
}
