package io.viommufleet.common.wire;

import io.viommufleet.common.model.Envelope;

/** What the bytes of one Kafka record turned out to be. Reading never throws for what somebody wrote. */
public sealed interface Decoded {
    /** A whole record that belongs where it lies. */
    record Ok(Envelope envelope) implements Decoded {}

    /** A key without a value: garbage collection by the key's owner, which triggers nothing. */
    record Tombstone(String key) implements Decoded {}

    /**
     * A record that cannot be read or does not belong where it lies.
     *
     * @param reason what is wrong, with the value and what is allowed
     * @param head the first bytes of the value as text, other bytes escaped
     */
    record Unreadable(String reason, String head) implements Decoded {}
}
