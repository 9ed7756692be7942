package io.viommufleet.common.kafka;

import io.viommufleet.common.FleetError;
import io.viommufleet.common.FleetException;
import io.viommufleet.common.model.FleetTopic;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.Config;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.errors.TopicExistsException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;

/**
 * Creates the fleet's topics and checks those that exist. A role that starts on a topic with the wrong cleanup policy,
 * partition count or durability would lose records without a word, so it does not start.
 */
public final class Topics {
    private static final String CLIENT = "viommu-topics";

    private final KafkaConnection connection;

    public Topics(KafkaConnection connection) {
        this.connection = connection;
    }

    /**
     * Creates what is missing, and checks everything.
     *
     * @param replication replicas of each partition: 1 on one broker, 3 elsewhere
     * @throws FleetException CONFLICT if a topic exists and is set up otherwise; the message lists every difference
     */
    public void create(Partitions layout, int replication) {
        try (Admin admin = connection.admin(CLIENT)) {
            Set<FleetTopic> existing = describe(admin).keySet();
            List<NewTopic> missing = Arrays.stream(FleetTopic.values())
                    .filter(topic -> !existing.contains(topic))
                    .map(topic -> newTopic(topic, layout, replication))
                    .toList();
            create(admin, missing);
            check(admin, layout, replication);
        }
    }

    /**
     * Checks the topics without creating any.
     *
     * @throws FleetException NOT_FOUND if one is missing, CONFLICT if one is set up otherwise
     */
    public void check(Partitions layout, int replication) {
        try (Admin admin = connection.admin(CLIENT)) {
            check(admin, layout, replication);
        }
    }

    /**
     * How many cells the fleet has, and attachment partitions per cell, from the topics that exist.
     *
     * @throws FleetException NOT_FOUND if there is no fleet on this Kafka
     */
    public Partitions find() {
        try (Admin admin = connection.admin(CLIENT)) {
            Map<FleetTopic, TopicDescription> found = describe(admin);
            TopicDescription leaders = found.get(FleetTopic.LEADERS);
            TopicDescription attachments = found.get(FleetTopic.ATTACHMENTS);
            if (leaders == null || attachments == null) {
                throw new FleetException(
                        FleetError.NOT_FOUND,
                        "there is no fleet on Kafka at %s: its topics do not exist; a controller or 'fleet up' creates them"
                                .formatted(connection.bootstrapServers()));
            }
            int cells = leaders.partitions().size();
            return new Partitions(cells, Math.max(1, attachments.partitions().size() / cells));
        }
    }

    private static NewTopic newTopic(FleetTopic topic, Partitions layout, int replication) {
        return new NewTopic(topic.topicName(), Optional.of(layout.count(topic)), Optional.of((short) replication))
                .configs(TopicSettings.of(topic, replication).stream()
                        .collect(Collectors.toMap(TopicSetting::name, TopicSetting::value)));
    }

    /** Another role may create the same topics at the same moment; whoever is second only checks. */
    private void create(Admin admin, List<NewTopic> missing) {
        for (KafkaFuture<Void> created : admin.createTopics(missing).values().values()) {
            try {
                await(created, "creating topics");
            } catch (FleetException failure) {
                if (!KafkaFailure.failureIs(failure, TopicExistsException.class)) {
                    throw failure;
                }
            }
        }
    }

    private void check(Admin admin, Partitions layout, int replication) {
        Map<FleetTopic, TopicDescription> descriptions = describeWhenKnown(admin);
        Map<ConfigResource, Config> configs = await(
                admin.describeConfigs(descriptions.keySet().stream()
                                .map(Topics::resource)
                                .toList())
                        .all(),
                "reading the topics' settings");
        List<String> wrong = new ArrayList<>();
        descriptions.forEach((topic, description) -> {
            wrong.addAll(wrongShape(topic, description, layout, replication));
            Config config = configs.get(resource(topic));
            if (config != null) {
                wrong.addAll(wrongSettings(topic, config, replication));
            }
        });
        if (!wrong.isEmpty()) {
            throw new FleetException(
                    FleetError.CONFLICT,
                    "the topics on Kafka at %s do not fit this fleet:\n  %s"
                            .formatted(connection.bootstrapServers(), String.join("\n  ", wrong)));
        }
    }

    private static List<String> wrongShape(
            FleetTopic topic, TopicDescription description, Partitions layout, int replication) {
        List<String> wrong = new ArrayList<>();
        int partitions = description.partitions().size();
        if (partitions != layout.count(topic)) {
            wrong.add(
                    "%s has %d partitions, expected %d".formatted(topic.topicName(), partitions, layout.count(topic)));
        }
        int replicas = description.partitions().stream()
                .mapToInt(partition -> partition.replicas().size())
                .min()
                .orElse(0);
        if (replicas < replication) {
            wrong.add("%s has %d replicas, expected at least %d".formatted(topic.topicName(), replicas, replication));
        }
        return wrong;
    }

    private static List<String> wrongSettings(FleetTopic topic, Config config, int replication) {
        List<String> wrong = new ArrayList<>();
        for (TopicSetting setting : TopicSettings.of(topic, replication)) {
            ConfigEntry entry = config.get(setting.name());
            String found = entry == null || entry.value() == null ? "(unknown)" : entry.value();
            if (!setting.holds(found)) {
                wrong.add("%s has %s=%s, expected %s"
                        .formatted(topic.topicName(), setting.name(), found, setting.expected()));
            }
        }
        return wrong;
    }

    /** A broker may take a moment to know of a topic that another has just created. */
    private Map<FleetTopic, TopicDescription> describeWhenKnown(Admin admin) {
        long startNanos = System.nanoTime();
        while (true) {
            Map<FleetTopic, TopicDescription> found = describe(admin);
            if (found.size() == FleetTopic.values().length) {
                return found;
            }
            if (System.nanoTime() - startNanos > connection.deadline().toNanos() / 4) {
                throw new FleetException(
                        FleetError.NOT_FOUND,
                        "topics are missing on Kafka at %s: %s"
                                .formatted(
                                        connection.bootstrapServers(),
                                        Arrays.stream(FleetTopic.values())
                                                .filter(topic -> !found.containsKey(topic))
                                                .map(FleetTopic::topicName)
                                                .collect(Collectors.joining(", "))));
            }
            pause();
        }
    }

    private static void pause() {
        try {
            TimeUnit.MILLISECONDS.sleep(100);
        } catch (InterruptedException interrupted) {
            throw KafkaFailure.interrupted("waiting for topics", interrupted);
        }
    }

    private Map<FleetTopic, TopicDescription> describe(Admin admin) {
        Map<String, KafkaFuture<TopicDescription>> asked = admin.describeTopics(Arrays.stream(FleetTopic.values())
                        .map(FleetTopic::topicName)
                        .toList())
                .topicNameValues();
        Map<FleetTopic, TopicDescription> found = new EnumMap<>(FleetTopic.class);
        for (FleetTopic topic : FleetTopic.values()) {
            KafkaFuture<TopicDescription> description = asked.get(topic.topicName());
            if (description == null) {
                continue;
            }
            try {
                found.put(topic, await(description, "reading the topics"));
            } catch (FleetException failure) {
                if (!KafkaFailure.failureIs(failure, UnknownTopicOrPartitionException.class)) {
                    throw failure;
                }
            }
        }
        return found;
    }

    private static ConfigResource resource(FleetTopic topic) {
        return new ConfigResource(ConfigResource.Type.TOPIC, topic.topicName());
    }

    private <T> T await(KafkaFuture<T> future, String doing) {
        try {
            return future.get();
        } catch (ExecutionException failure) {
            throw KafkaFailure.of(doing, connection, failure);
        } catch (InterruptedException interrupted) {
            throw KafkaFailure.interrupted(doing, interrupted);
        }
    }
}
