package io.viommufleet.common.kafka;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

class CellSharingTest {
    private static GroupMember member(String id, Set<Integer> led, Set<Integer> followed) {
        return new GroupMember(id, 1, led, followed, Set.of());
    }

    private static CellShare share(Set<Integer> led, Set<Integer> standby) {
        return new CellShare(led, standby);
    }

    @Test
    void aLoneControllerLeadsAllAndNobodyStandsBy() {
        assertThat(CellSharing.among(List.of(member("a", Set.of(), Set.of())), 3))
                .isEqualTo(Map.of("a", share(Set.of(0, 1, 2), Set.of())));
    }

    @Test
    void twoStandByForEachOther() {
        assertThat(CellSharing.among(List.of(member("a", Set.of(), Set.of()), member("b", Set.of(), Set.of())), 3))
                .isEqualTo(Map.of("a", share(Set.of(0, 2), Set.of(1)), "b", share(Set.of(1), Set.of(0, 2))));
    }

    @Test
    void aNewcomerFollowsACellBeforeItLeadsIt() {
        GroupMember old = member("a", Set.of(0, 1, 2), Set.of());
        assertThat(CellSharing.among(List.of(old, member("b", Set.of(), Set.of())), 3))
                .as("cold")
                .isEqualTo(Map.of("a", share(Set.of(0, 1, 2), Set.of()), "b", share(Set.of(), Set.of(0, 1, 2))));
        assertThat(CellSharing.among(List.of(old, member("b", Set.of(), Set.of(0, 1, 2))), 3))
                .as("warm: a lets go of cell 2, which b follows until then")
                .isEqualTo(Map.of("a", share(Set.of(0, 1), Set.of(2)), "b", share(Set.of(), Set.of(0, 1, 2))));
        assertThat(CellSharing.among(
                        List.of(member("a", Set.of(0, 1), Set.of()), member("b", Set.of(), Set.of(0, 1, 2))), 3))
                .as("free")
                .isEqualTo(Map.of("a", share(Set.of(0, 1), Set.of(2)), "b", share(Set.of(2), Set.of(0, 1))));
    }

    @Test
    void theCellsOfADeadControllerGoToItsStandbys() {
        GroupMember b = member("b", Set.of(2), Set.of(0, 4));
        GroupMember c = member("c", Set.of(3), Set.of(1, 5));
        Map<String, CellShare> shares = CellSharing.among(List.of(c, b), 6);
        assertThat(shares.get("b")).extracting(CellShare::led).isEqualTo(Set.of(0, 2, 4));
        assertThat(shares.get("c")).extracting(CellShare::led).isEqualTo(Set.of(1, 3, 5));
    }

    @Test
    void theNewerOfTwoClaimsHolds() {
        GroupMember sleeper = new GroupMember("a", 4, Set.of(0), Set.of(), Set.of());
        GroupMember leader = new GroupMember("b", 7, Set.of(0), Set.of(), Set.of());
        assertThat(CellSharing.among(List.of(sleeper, leader), 1))
                .isEqualTo(Map.of("a", share(Set.of(), Set.of(0)), "b", share(Set.of(0), Set.of())));
    }

    @Test
    void aCellThatItsControllerRefusesMovesToOneThatDoesNot() {
        GroupMember old = new GroupMember("a", 1, Set.of(0), Set.of(), Set.of(0));
        GroupMember fresh = member("b", Set.of(), Set.of());
        assertThat(CellSharing.among(List.of(old, fresh), 1))
                .as("the old one lets go first")
                .isEqualTo(Map.of("a", share(Set.of(), Set.of()), "b", share(Set.of(), Set.of(0))));
        assertThat(CellSharing.among(List.of(new GroupMember("a", 2, Set.of(), Set.of(), Set.of(0)), fresh), 1))
                .as("and does not stand by")
                .isEqualTo(Map.of("a", share(Set.of(), Set.of()), "b", share(Set.of(0), Set.of())));
        assertThat(CellSharing.among(List.of(old), 1))
                .as("with nobody else, it stays and says so")
                .isEqualTo(Map.of("a", share(Set.of(0), Set.of())));
    }

    /** Members come, go and catch up at random; Kafka's rounds are played until nothing changes. */
    @Test
    void whateverComesAndGoesTheSharesSettleEvenly() {
        long seed = Long.getLong("seed", System.nanoTime());
        SplittableRandom random = new SplittableRandom(seed);
        int cells = 7;
        Map<String, GroupMember> members = new TreeMap<>();
        for (int turn = 0; turn < 300; turn++) {
            String id = "m" + random.nextInt(5);
            if (members.remove(id) == null) {
                members.put(id, new GroupMember(id, turn, Set.of(), Set.of(), Set.of()));
            }
            settle(members, cells, random, "-Dseed=" + seed + " turn " + turn);
        }
    }

    private static void settle(Map<String, GroupMember> members, int cells, SplittableRandom random, String turn) {
        for (int round = 0; round < 20 && !members.isEmpty(); round++) {
            Map<String, CellShare> shares = CellSharing.among(shuffled(members.values(), random), cells);
            List<Integer> led = shares.values().stream()
                    .flatMap(share -> share.led().stream())
                    .toList();
            assertThat(led).as("%s: one leader each", turn).doesNotHaveDuplicates();
            boolean same = true;
            for (GroupMember member : List.copyOf(members.values())) {
                CellShare share = Objects.requireNonNull(shares.get(member.id()), "every member has a share");
                Set<Integer> owners = new HashSet<>(share.led());
                owners.removeAll(member.led());
                members.values()
                        .forEach(other -> assertThat(owners)
                                .as("%s: taken from a leader that still leads", turn)
                                .noneMatch(other.led()::contains));
                same &= share.led().equals(member.led()) && share.standby().equals(member.followed());
            }
            int generation = round;
            shares.forEach((id, share) ->
                    members.put(id, new GroupMember(id, generation, share.led(), share.standby(), Set.of())));
            if (same) {
                requireEven(shares.values(), cells, turn);
                return;
            }
        }
        assertThat(members).as("%s: does not settle", turn).isEmpty();
    }

    private static void requireEven(Collection<CellShare> shares, int cells, String turn) {
        List<Integer> loads =
                shares.stream().map(share -> share.led().size()).sorted().toList();
        assertThat(loads.getLast() - loads.getFirst()).as(turn).isLessThan(2);
        List<Integer> led =
                shares.stream().flatMap(share -> share.led().stream()).toList();
        List<Integer> standby =
                shares.stream().flatMap(share -> share.standby().stream()).toList();
        assertThat(new TreeSet<>(led)).as(turn).hasSize(cells);
        if (shares.size() > 1) {
            assertThat(standby).as("%s: one standby each", turn).hasSize(cells).doesNotHaveDuplicates();
        }
        shares.forEach(share -> assertThat(share.led()).as(turn).noneMatch(share.standby()::contains));
    }

    private static List<GroupMember> shuffled(Collection<GroupMember> members, SplittableRandom random) {
        List<GroupMember> left = new ArrayList<>(members);
        List<GroupMember> order = new ArrayList<>();
        while (!left.isEmpty()) {
            order.add(left.remove(random.nextInt(left.size())));
        }
        return order;
    }

    @Test
    void whatMembersSayComesBackAsItWas() {
        List<Set<Integer>> said = List.of(Set.of(3, 1), Set.of());
        assertThat(MemberData.read(MemberData.write(said), 2)).isEqualTo(said);
        assertThat(MemberData.read(null, 2)).isEqualTo(List.of(Set.of(), Set.of()));
        assertThat(MemberData.read(ByteBuffer.wrap(new byte[] {0, 9, 1}), 1)).isEqualTo(List.of(Set.of()));
        assertThat(MemberData.read(ByteBuffer.wrap(new byte[] {0, 1, 0, 0, 0, 7}), 1))
                .isEqualTo(List.of(Set.of()));
    }
}
