package io.viommufleet.common.model;

/**
 * Tells the agents of a host, in the partition that they read, which incarnation is admitted; every other one is fenced and
 * acts on nothing. Keyed by the host's name alone.
 */
public record HostAdmission(String host, String boot, String incarnation) implements FleetRecord {
    @Override
    public FleetTopic topic() {
        return FleetTopic.ATTACHMENTS;
    }

    @Override
    public String key() {
        return host;
    }
}
