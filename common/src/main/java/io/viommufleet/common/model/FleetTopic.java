package io.viommufleet.common.model;

/**
 * The topics that are the fleet's only source of truth: name, cleanup policy, and the one role that may write each.
 *
 * <p>Every topic has one partition per cell, except {@link #ATTACHMENTS}, which has K per cell.
 */
public enum FleetTopic {
    VMS("fleet.vms", Cleanup.COMPACT, Role.USER),
    OPERATIONS("fleet.operations", Cleanup.COMPACT, Role.USER),
    POLICIES("fleet.policies", Cleanup.COMPACT, Role.USER),
    HOSTS("fleet.hosts", Cleanup.COMPACT, Role.AGENT),
    OUTCOMES("fleet.outcomes", Cleanup.COMPACT, Role.AGENT),
    HEARTBEATS("fleet.heartbeats", Cleanup.DELETE_MINUTES, Role.AGENT),
    TRACES("fleet.traces", Cleanup.DELETE_DAY, Role.AGENT),
    AGENT_REJECTED("fleet.agent-rejected", Cleanup.COMPACT_DELETE, Role.AGENT),
    PLACEMENTS("fleet.placements", Cleanup.COMPACT, Role.CONTROLLER),
    ATTACHMENTS("fleet.attachments", Cleanup.COMPACT, Role.CONTROLLER),
    HOST_STATE("fleet.hoststate", Cleanup.COMPACT, Role.CONTROLLER),
    PROGRESS("fleet.progress", Cleanup.COMPACT, Role.CONTROLLER),
    LEADERS("fleet.leaders", Cleanup.COMPACT, Role.CONTROLLER),
    DECISIONS("fleet.decisions", Cleanup.KEEP, Role.CONTROLLER),
    REJECTED("fleet.rejected", Cleanup.COMPACT_DELETE, Role.CONTROLLER);

    /** How the broker cleans a topic up. */
    public enum Cleanup {
        /** Latest value per key, everything kept for the history window first. */
        COMPACT,
        /** Latest value per key, and old ones removed by age. */
        COMPACT_DELETE,
        /** Removed after minutes: heartbeats. */
        DELETE_MINUTES,
        /** Removed after a day: traces. */
        DELETE_DAY,
        /** Never removed: decisions. */
        KEEP
    }

    /** The one role that writes a topic. */
    public enum Role {
        USER,
        AGENT,
        CONTROLLER
    }

    private final String topicName;
    private final Cleanup cleanup;
    private final Role writer;

    FleetTopic(String topicName, Cleanup cleanup, Role writer) {
        this.topicName = topicName;
        this.cleanup = cleanup;
        this.writer = writer;
    }

    public String topicName() {
        return topicName;
    }

    public Cleanup cleanup() {
        return cleanup;
    }

    public Role writer() {
        return writer;
    }
}
