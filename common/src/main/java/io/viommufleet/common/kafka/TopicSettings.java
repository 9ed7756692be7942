package io.viommufleet.common.kafka;

import io.viommufleet.common.kafka.TopicSetting.Check;
import io.viommufleet.common.model.FleetTopic;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.apache.kafka.common.config.TopicConfig;

/** How each of the fleet's topics is set up. */
final class TopicSettings {
    /** For how long a compacted topic keeps everything, so that the fleet can be looked at as it was. */
    static final Duration HISTORY = Duration.ofDays(7);

    /** For how long a tombstone stays; a reader that was away for half of it reads from the start. */
    private static final Duration TOMBSTONES = Duration.ofDays(7);

    private static final Duration REJECTED = Duration.ofDays(30);
    private static final Duration HEARTBEATS = Duration.ofMinutes(10);
    private static final Duration TRACES = Duration.ofDays(1);
    private static final int LARGEST_BATCH_BYTES = 1 << 20;

    private TopicSettings() {}

    /** The settings of a topic on a cluster with this many replicas of everything. */
    static List<TopicSetting> of(FleetTopic topic, int replication) {
        List<TopicSetting> settings = new ArrayList<>();
        settings.add(number(TopicConfig.MIN_IN_SYNC_REPLICAS_CONFIG, replication >= 3 ? 2 : 1));
        settings.add(number(TopicConfig.MAX_MESSAGE_BYTES_CONFIG, LARGEST_BATCH_BYTES));
        settings.add(equal(TopicConfig.MESSAGE_TIMESTAMP_TYPE_CONFIG, "LogAppendTime"));
        settings.add(equal("unclean.leader.election.enable", "false"));
        switch (topic.cleanup()) {
            case COMPACT -> compacted(settings, "compact");
            case COMPACT_DELETE -> {
                compacted(settings, "compact,delete");
                settings.add(number(TopicConfig.RETENTION_MS_CONFIG, REJECTED.toMillis()));
            }
            case DELETE_MINUTES -> deleted(settings, HEARTBEATS);
            case DELETE_DAY -> deleted(settings, TRACES);
            case KEEP -> {
                settings.add(equal(TopicConfig.CLEANUP_POLICY_CONFIG, "delete"));
                settings.add(number(TopicConfig.RETENTION_MS_CONFIG, -1));
                settings.add(number(TopicConfig.RETENTION_BYTES_CONFIG, -1));
            }
        }
        return settings;
    }

    private static void compacted(List<TopicSetting> settings, String policy) {
        settings.add(equal(TopicConfig.CLEANUP_POLICY_CONFIG, policy));
        settings.add(number(TopicConfig.MIN_COMPACTION_LAG_MS_CONFIG, HISTORY.toMillis()));
        settings.add(number(TopicConfig.DELETE_RETENTION_MS_CONFIG, TOMBSTONES.toMillis()));
        settings.add(free(TopicConfig.SEGMENT_MS_CONFIG, Duration.ofDays(1).toMillis()));
    }

    private static void deleted(List<TopicSetting> settings, Duration kept) {
        settings.add(equal(TopicConfig.CLEANUP_POLICY_CONFIG, "delete"));
        settings.add(number(TopicConfig.RETENTION_MS_CONFIG, kept.toMillis()));
        settings.add(free(TopicConfig.SEGMENT_MS_CONFIG, kept.dividedBy(2).toMillis()));
    }

    private static TopicSetting equal(String name, String value) {
        return new TopicSetting(name, value, Check.EQUAL);
    }

    private static TopicSetting number(String name, long value) {
        return new TopicSetting(name, Long.toString(value), Check.AT_LEAST);
    }

    private static TopicSetting free(String name, long value) {
        return new TopicSetting(name, Long.toString(value), Check.FREE);
    }
}
