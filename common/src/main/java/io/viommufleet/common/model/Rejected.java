package io.viommufleet.common.model;

/**
 * A record that could not be read or was refused; nothing is dropped silently.
 *
 * @param by the role that refused it
 * @param sourceTopic where it lies
 * @param partition of the source
 * @param offset of the source
 * @param recordKey its key as text, shortened
 * @param reason why, in words
 * @param head the first bytes of the value, as text with non-printable bytes escaped
 */
public record Rejected(
        FleetTopic.Role by,
        String sourceTopic,
        int partition,
        long offset,
        String recordKey,
        String reason,
        String head)
        implements FleetRecord {
    @Override
    public FleetTopic topic() {
        return by == FleetTopic.Role.AGENT ? FleetTopic.AGENT_REJECTED : FleetTopic.REJECTED;
    }

    @Override
    public String key() {
        return sourceTopic + "/" + partition + "/" + offset;
    }
}
