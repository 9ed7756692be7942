package io.viommufleet.common.model;

import java.util.List;
import java.util.Optional;

/**
 * A request: a rule of the operator for a whole cell. It counts once the controller has taken it into a {@link PolicyState}.
 *
 * @param metadata name and cell
 * @param rule what is to hold
 * @param deleted the rule is to hold no longer
 */
public record Policy(Metadata metadata, Rule rule, boolean deleted) implements FleetRecord {
    /** The label of a VM that says whose it is. */
    public static final String TENANT_LABEL = "tenant";
    /** The label of a host that keeps it for one pool: it takes no VM that does not ask for that pool. */
    public static final String POOL_LABEL = "fleet/pool";

    public Policy {
        Names.requireName("policy name", metadata.name());
    }

    @Override
    public FleetTopic topic() {
        return FleetTopic.POLICIES;
    }

    @Override
    public String key() {
        return metadata.name();
    }

    /** What is to hold. */
    public sealed interface Rule {
        /**
         * The most that a tenant's placed VMs may have together; empty parts are not limited.
         *
         * @param tenant value of the label {@value Policy#TENANT_LABEL}
         */
        record Quota(String tenant, Optional<Integer> vms, Optional<Integer> devices, Optional<Long> memoryBytes)
                implements Rule {}

        /**
         * Who may use a pool of hosts.
         *
         * @param pool value of the label {@value Policy#POOL_LABEL}
         * @param tenants that may; nobody else
         */
        record Pool(String pool, List<String> tenants) implements Rule {
            public Pool {
                tenants = List.copyOf(tenants);
            }
        }

        /**
         * How much moves at once in the cell.
         *
         * @param movesPerZone most VMs that move out of or into one zone at a time
         * @param zoneLabel the host label whose values are zones
         * @param breakerPercent lost hosts, in percent of the cell, beyond which the breaker opens
         */
        record Limits(Optional<Integer> movesPerZone, Optional<String> zoneLabel, Optional<Integer> breakerPercent)
                implements Rule {}
    }
}
