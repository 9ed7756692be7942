package io.viommufleet.common.kafka;

import io.viommufleet.common.model.FleetTopic;
import io.viommufleet.common.model.Rejected;
import io.viommufleet.common.wire.Decoded;

/**
 * One record of the log, read or unreadable, with where it lies.
 *
 * @param topic the topic
 * @param partition of the topic
 * @param offset in the partition
 * @param timestampMillis when the broker appended it, by its own clock
 * @param key as text; empty where there is none
 * @param decoded what the value is
 */
public record LogRecord(
        FleetTopic topic, int partition, long offset, long timestampMillis, String key, Decoded decoded) {
    private static final int KEY_LENGTH = 256;

    /** What goes to the rejected topic when {@code by} cannot or will not use this record. */
    public Rejected rejected(FleetTopic.Role by, String reason) {
        String head = decoded instanceof Decoded.Unreadable unreadable ? unreadable.head() : "";
        String shortKey = key.length() <= KEY_LENGTH ? key : key.substring(0, KEY_LENGTH) + "…";
        return new Rejected(by, topic.topicName(), partition, offset, shortKey, reason, head);
    }
}
