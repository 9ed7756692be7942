package io.viommufleet.agent.core;

import io.viommufleet.common.model.FleetTopic;
import io.viommufleet.common.model.Rejected;

/** Where in {@code fleet.attachments} a record lies. */
public record LogPosition(int partition, long offset) {
    /** Says that the record here was refused. */
    Rejected reject(String key, String reason, String head) {
        return new Rejected(
                FleetTopic.Role.AGENT, FleetTopic.ATTACHMENTS.topicName(), partition, offset, key, reason, head);
    }
}
