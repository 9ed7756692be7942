package io.viommufleet.common.model;

/**
 * A sign of life; who sends it is in the envelope.
 *
 * @param host the host
 * @param attached devices attached now
 * @param goodbye the agent is stopping in good order and will act on nothing more
 */
public record Heartbeat(String host, int attached, boolean goodbye) implements FleetRecord {
    @Override
    public FleetTopic topic() {
        return FleetTopic.HEARTBEATS;
    }

    @Override
    public String key() {
        return host;
    }
}
