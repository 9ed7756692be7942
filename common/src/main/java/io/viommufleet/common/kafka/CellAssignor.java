package io.viommufleet.common.kafka;

import io.viommufleet.common.model.FleetTopic;
import java.nio.ByteBuffer;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.apache.kafka.clients.consumer.ConsumerGroupMetadata;
import org.apache.kafka.clients.consumer.ConsumerPartitionAssignor;
import org.apache.kafka.common.Cluster;
import org.apache.kafka.common.Configurable;
import org.apache.kafka.common.TopicPartition;

/**
 * Kafka's view of {@link CellSharing}: partition n of {@code fleet.leaders} is cell n. Leaders are told by the assignment
 * itself, standbys by the user data beside it. Kafka makes it by its name and runs it in one member of the group.
 */
public final class CellAssignor implements ConsumerPartitionAssignor, Configurable {
    /** The client setting that holds this member's {@link GroupReader.Member}. */
    static final String MEMBER = "viommu.fleet.member";

    private static final String TOPIC = FleetTopic.LEADERS.topicName();

    private GroupReader.Member member = GroupReader.Member.NONE;

    @Override
    public void configure(Map<String, ?> settings) {
        if (settings.get(MEMBER) instanceof GroupReader.Member given) {
            member = given;
        }
    }

    @Override
    public String name() {
        return "viommu-cells";
    }

    @Override
    public List<RebalanceProtocol> supportedProtocols() {
        return List.of(RebalanceProtocol.COOPERATIVE, RebalanceProtocol.EAGER);
    }

    @Override
    public ByteBuffer subscriptionUserData(Set<String> topics) {
        return MemberData.write(List.of(member.followed(), member.refused()));
    }

    @Override
    public GroupAssignment assign(Cluster metadata, GroupSubscription subscriptions) {
        Integer cells = metadata.partitionCountForTopic(TOPIC);
        List<GroupMember> members = subscriptions.groupSubscription().entrySet().stream()
                .map(entry -> memberOf(entry.getKey(), entry.getValue()))
                .toList();
        Map<String, Assignment> assignments = new HashMap<>();
        CellSharing.among(members, cells == null ? 0 : cells)
                .forEach((id, share) -> assignments.put(
                        id, new Assignment(partitions(share.led()), MemberData.write(List.of(share.standby())))));
        return new GroupAssignment(assignments);
    }

    private static GroupMember memberOf(String id, Subscription subscription) {
        List<Set<Integer>> said = MemberData.read(subscription.userData(), 2);
        Set<Integer> led = subscription.ownedPartitions().stream()
                .filter(partition -> partition.topic().equals(TOPIC))
                .map(TopicPartition::partition)
                .collect(Collectors.toSet());
        return new GroupMember(id, subscription.generationId().orElse(-1), led, said.get(0), said.get(1));
    }

    private static List<TopicPartition> partitions(Collection<Integer> cells) {
        return cells.stream().map(cell -> new TopicPartition(TOPIC, cell)).toList();
    }

    @Override
    public void onAssignment(Assignment assignment, ConsumerGroupMetadata metadata) {
        member.told(MemberData.read(assignment.userData(), 1).getFirst());
    }
}
