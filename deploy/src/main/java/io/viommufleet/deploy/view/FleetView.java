package io.viommufleet.deploy.view;

import io.viommufleet.common.kafka.KafkaConnection;
import io.viommufleet.common.kafka.LogPartition;
import io.viommufleet.common.kafka.LogReader;
import io.viommufleet.common.kafka.Partitions;
import io.viommufleet.common.kafka.Topics;
import io.viommufleet.common.model.FleetTopic;
import java.time.Duration;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;

/** Reads the log from its beginning into a {@link FleetState}, to its end and then on. One thread. */
public final class FleetView implements AutoCloseable {
    private static final Set<FleetTopic> TOPICS = EnumSet.of(
            FleetTopic.VMS,
            FleetTopic.OPERATIONS,
            FleetTopic.POLICIES,
            FleetTopic.PROGRESS,
            FleetTopic.HOSTS,
            FleetTopic.OUTCOMES,
            FleetTopic.PLACEMENTS,
            FleetTopic.ATTACHMENTS,
            FleetTopic.HOST_STATE,
            FleetTopic.LEADERS,
            FleetTopic.DECISIONS,
            FleetTopic.REJECTED,
            FleetTopic.AGENT_REJECTED);

    private final FleetState state = new FleetState();
    private final LogReader reader;
    private final Partitions layout;

    private FleetView(KafkaConnection kafka, Partitions layout) {
        this.layout = layout;
        reader = new LogReader(kafka, "viommu-view", layout, partitions(layout));
        reader.load(state::replay);
    }

    /**
     * Reads everything that is on the log now.
     *
     * @throws io.viommufleet.common.FleetException UNREACHABLE without Kafka, NOT_FOUND without a fleet on it
     */
    public static FleetView open(KafkaConnection kafka) {
        return new FleetView(kafka, new Topics(kafka).find());
    }

    private static List<LogPartition> partitions(Partitions layout) {
        return TOPICS.stream()
                .flatMap(topic -> IntStream.range(0, layout.count(topic))
                        .mapToObj(partition -> new LogPartition(topic, partition)))
                .toList();
    }

    /** What has been read so far. */
    public FleetState state() {
        return state;
    }

    /** How the fleet's topics are laid out. */
    public Partitions layout() {
        return layout;
    }

    /**
     * Reads on, waiting at most {@code timeout} for the next record.
     *
     * @return whether there was any
     */
    public boolean poll(Duration timeout) {
        var records = reader.poll(timeout);
        records.forEach(state::replay);
        return !records.isEmpty();
    }

    @Override
    public void close() {
        reader.close();
    }
}
