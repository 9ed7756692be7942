package io.viommufleet.common.model;

/**
 * What may be on a cell's log. A leader writes what a level brings only once an operator has finalised it; until then every
 * controller of the level before can take the cell over.
 */
public final class FeatureLevel {
    /** The first release: VMs, hosts, placements, attachments. */
    public static final int FIRST = 1;

    /** Operations, policies, the breaker; attempts and movements of a placement, NUMA memory of a leg. */
    public static final int OPERATIONS = 2;

    /** The highest that this program knows. */
    public static final int LATEST = OPERATIONS;

    private FeatureLevel() {}
}
