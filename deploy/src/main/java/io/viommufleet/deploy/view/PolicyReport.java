package io.viommufleet.deploy.view;

import io.viommufleet.common.model.FleetTopic;
import io.viommufleet.common.model.Policy;
import io.viommufleet.common.model.Policy.Rule;
import io.viommufleet.common.model.PolicyState;
import io.viommufleet.common.model.Rejected;
import io.viommufleet.common.wire.MemorySize;
import io.viommufleet.common.wire.RecordCodec;
import io.viommufleet.deploy.view.FleetState.CellKey;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;

/**
 * A policy as users see it.
 *
 * @param key name, in its cell
 * @param rule that holds; empty where none does
 * @param state Holds, Refused (the last request; an older rule may still hold), Asked for, or Deleted
 * @param reason why it was refused; may be empty
 */
public record PolicyReport(CellKey<String> key, Optional<Rule> rule, String state, String reason) {
    /** Every policy that is asked for or holds, by name. */
    public static List<PolicyReport> all(FleetState state) {
        TreeSet<CellKey<String>> keys = new TreeSet<>(state.policyRequests().keySet());
        keys.addAll(state.policies().keySet());
        return keys.stream().map(key -> of(state, key)).toList();
    }

    private static PolicyReport of(FleetState state, CellKey<String> key) {
        Optional<Policy> asked = Optional.ofNullable(state.policyRequests().get(key));
        Optional<PolicyState> held = Optional.ofNullable(state.policies().get(key));
        Optional<Rule> rule = held.flatMap(PolicyState::rule);
        boolean answered = asked.map(RecordCodec::digest)
                .filter(digest -> held.map(PolicyState::observedRequest).equals(Optional.of(digest)))
                .isPresent();
        Optional<String> refusal = answered || asked.isEmpty()
                ? held.flatMap(PolicyState::refused)
                : state.rejected().stream()
                        .filter(rejected -> rejected.sourceTopic().equals(FleetTopic.POLICIES.topicName())
                                && rejected.recordKey().equals(key.key()))
                        .map(Rejected::reason)
                        .findFirst();
        if (refusal.isPresent()) {
            return new PolicyReport(key, rule, "Refused", refusal.get());
        }
        if (!answered && asked.isPresent()) {
            return new PolicyReport(key, rule, "Asked for", "");
        }
        return new PolicyReport(key, rule, rule.isPresent() ? "Holds" : "Deleted", "");
    }

    /** The rule that holds, in words; empty where none does. */
    public String words() {
        return rule.map(PolicyReport::words).orElse("");
    }

    private static String words(Rule rule) {
        return switch (rule) {
            case Rule.Quota quota -> {
                List<String> most = new ArrayList<>();
                quota.vms().ifPresent(count -> most.add(count + " VMs"));
                quota.devices().ifPresent(count -> most.add(count + " devices"));
                quota.memoryBytes().ifPresent(bytes -> most.add(MemorySize.write(bytes) + " of memory"));
                yield "tenant %s has at most %s".formatted(quota.tenant(), String.join(", ", most));
            }
            case Rule.Pool pool ->
                "pool %s is for %s"
                        .formatted(
                                pool.pool(), pool.tenants().isEmpty() ? "nobody" : String.join(", ", pool.tenants()));
            case Rule.Limits limits -> {
                List<String> parts = new ArrayList<>();
                limits.movesPerZone()
                        .ifPresent(most -> parts.add("%d moves at once per %s"
                                .formatted(most, limits.zoneLabel().orElse("cell"))));
                limits.breakerPercent().ifPresent(percent -> parts.add("breaker at %d %%".formatted(percent)));
                yield String.join(", ", parts);
            }
        };
    }
}
