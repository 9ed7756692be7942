package io.viommufleet.controller.cell;

import io.viommufleet.common.model.Placement;
import io.viommufleet.common.model.Policy;
import io.viommufleet.common.model.Policy.Rule;
import io.viommufleet.common.model.PolicyState;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/** What the placed VMs of each tenant have together, and what policies allow them. */
final class Tenants {
    private record Share(String tenant, long devices, long memoryBytes) {}

    private final Map<String, Share> shares = new HashMap<>();
    private final Map<String, Usage> usages = new HashMap<>();

    /** What a tenant has. */
    record Usage(long vms, long devices, long memoryBytes) {
        static final Usage NONE = new Usage(0, 0, 0);

        private Usage plus(Share share, int sign) {
            return new Usage(vms + sign, devices + sign * share.devices(), memoryBytes + sign * share.memoryBytes());
        }
    }

    /** Notes a VM that is placed, or with an empty placement that it is not. */
    void put(String vm, Optional<Placement> placed) {
        Share before = shares.remove(vm);
        if (before != null) {
            usages.computeIfPresent(before.tenant(), (tenant, usage) -> usage.plus(before, -1));
        }
        placed.flatMap(Tenants::share).ifPresent(share -> {
            shares.put(vm, share);
            usages.merge(share.tenant(), Usage.NONE.plus(share, 1), (usage, one) -> usage.plus(share, 1));
        });
    }

    private static Optional<Share> share(Placement placement) {
        return tenant(placement)
                .map(tenant -> new Share(
                        tenant,
                        placement.spec().configuration().devices().size(),
                        placement.spec().memoryBytes()));
    }

    private static Optional<String> tenant(Placement placement) {
        return Optional.ofNullable(placement.metadata().labels().get(Policy.TENANT_LABEL));
    }

    Usage of(String tenant) {
        return usages.getOrDefault(tenant, Usage.NONE);
    }

    /** Why the policies do not let a VM be placed now; empty where they do. */
    Optional<String> refusal(Placement placement, Collection<Owned<PolicyState>> policies) {
        return policies.stream()
                .map(Owned::value)
                .flatMap(policy -> policy.rule().flatMap(rule -> refusal(placement, policy.name(), rule)).stream())
                .findFirst();
    }

    private Optional<String> refusal(Placement placement, String policy, Rule rule) {
        return switch (rule) {
            case Rule.Quota quota ->
                share(placement)
                        .filter(share -> share.tenant().equals(quota.tenant()))
                        .flatMap(share -> excess(quota, withOneMore(placement, share)))
                        .map(excess -> "quota %s of tenant %s: %s".formatted(policy, quota.tenant(), excess));
            case Rule.Pool pool ->
                placement.spec().placement().pool().equals(Optional.of(pool.pool()))
                                && tenant(placement)
                                        .filter(pool.tenants()::contains)
                                        .isEmpty()
                        ? Optional.of("pool %s is for the tenants %s, by policy %s"
                                .formatted(pool.pool(), String.join(", ", pool.tenants()), policy))
                        : Optional.empty();
            case Rule.Limits _ -> Optional.empty();
        };
    }

    private Usage withOneMore(Placement placement, Share share) {
        Usage now = of(share.tenant());
        return shares.containsKey(placement.key()) ? now : now.plus(share, 1);
    }

    /** What of a usage is more than a quota allows, in words; empty where nothing is. */
    static Optional<String> excess(Rule.Quota quota, Usage usage) {
        return over("VMs", usage.vms(), quota.vms().map(Integer::longValue))
                .or(() -> over("devices", usage.devices(), quota.devices().map(Integer::longValue)))
                .or(() -> over("bytes of memory", usage.memoryBytes(), quota.memoryBytes()));
    }

    private static Optional<String> over(String what, long used, Optional<Long> most) {
        return most.filter(limit -> used > limit)
                .map(limit -> "%d %s where %d are allowed".formatted(used, what, limit));
    }
}
