package io.viommufleet.common.kafka;

import io.viommufleet.common.model.FleetTopic;
import org.apache.kafka.common.TopicPartition;

/** One partition of one of the fleet's topics. */
public record LogPartition(FleetTopic topic, int partition) {
    TopicPartition kafka() {
        return new TopicPartition(topic.topicName(), partition);
    }
}
