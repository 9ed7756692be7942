package io.viommufleet.common.kafka;

import java.util.Set;

/**
 * What a member of the group of controllers says about itself when the cells are shared out.
 *
 * @param id given by Kafka; unique among the members
 * @param generation of the assignment that {@code led} comes from; the newer claim to a cell wins
 * @param led the cells that it leads
 * @param followed the cells whose log it follows, with nothing left to catch up on
 * @param refused the cells that it will not lead, because it does not know their feature level
 */
record GroupMember(String id, int generation, Set<Integer> led, Set<Integer> followed, Set<Integer> refused) {
    GroupMember {
        led = Set.copyOf(led);
        followed = Set.copyOf(followed);
        refused = Set.copyOf(refused);
    }
}
