package io.viommufleet.common.kafka;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.IntStream;

/**
 * Shares the cells out among the controllers: who leads each, and who is its one standby. The same members always give the
 * same shares.
 *
 * <p>A cell stays where it is led. One without a leader goes to the controller that follows it. To even the load out, a cell
 * moves only to a controller that follows it already; until then that one becomes its standby. A controller that refuses a
 * cell gets it only if all do.
 */
final class CellSharing {
    private final int cells;
    private final Map<String, GroupMember> members = new TreeMap<>();
    private final Map<Integer, String> current = new TreeMap<>();
    private final Map<Integer, String> leaders = new TreeMap<>();
    private final Map<Integer, String> standbys = new TreeMap<>();

    private CellSharing(int cells, Collection<GroupMember> members) {
        this.cells = cells;
        members.forEach(member -> this.members.put(member.id(), member));
    }

    /** Shares of every member, by its id. */
    static Map<String, CellShare> among(Collection<GroupMember> members, int cells) {
        CellSharing sharing = new CellSharing(cells, members);
        if (!members.isEmpty()) {
            sharing.findCurrent();
            sharing.keep();
            sharing.placeOrphans();
            sharing.evenOut();
            sharing.chooseStandbys();
        }
        return sharing.shares();
    }

    private void findCurrent() {
        members.values().stream()
                .sorted(Comparator.comparingInt(GroupMember::generation).reversed())
                .forEach(member -> member.led().stream()
                        .filter(cell -> cell < cells)
                        .forEach(cell -> current.putIfAbsent(cell, member.id())));
    }

    private void keep() {
        current.forEach((cell, leader) -> {
            if (willing(cell).contains(leader)) {
                leaders.put(cell, leader);
            }
        });
    }

    private void placeOrphans() {
        IntStream.range(0, cells).filter(cell -> !leaders.containsKey(cell)).forEach(cell -> {
            List<String> willing = willing(cell);
            List<String> followers =
                    willing.stream().filter(id -> follows(id, cell)).toList();
            leaders.put(cell, leastOf(followers.isEmpty() ? willing : followers, leaders));
        });
    }

    /** Moves cells from those who lead most to those who lead least, until no move makes the load more even. */
    private void evenOut() {
        Map<Integer, String> wanted = new TreeMap<>(leaders);
        for (Optional<Move> move = nextMove(wanted); move.isPresent(); move = nextMove(wanted)) {
            wanted.put(move.get().cell(), move.get().to());
        }
        wanted.forEach((cell, to) -> {
            if (!current.containsKey(cell) || follows(to, cell)) {
                leaders.put(cell, to);
            } else if (!to.equals(leaders.get(cell))) {
                standbys.put(cell, to);
            }
        });
    }

    private record Move(int cell, String to) {}

    private Optional<Move> nextMove(Map<Integer, String> wanted) {
        List<String> byLoad = new ArrayList<>(members.keySet());
        byLoad.sort(Comparator.comparingLong(id -> load(id, wanted)));
        for (String to : byLoad) {
            for (String from : byLoad.reversed()) {
                if (load(from, wanted) - load(to, wanted) < 2) {
                    break;
                }
                Optional<Integer> movable = wanted.keySet().stream()
                        .filter(cell ->
                                from.equals(wanted.get(cell)) && willing(cell).contains(to))
                        .min(Comparator.comparing((Integer cell) -> !follows(to, cell))
                                .thenComparing(Comparator.reverseOrder()));
                if (movable.isPresent()) {
                    return Optional.of(new Move(movable.get(), to));
                }
            }
        }
        return Optional.empty();
    }

    private void chooseStandbys() {
        int fair = Math.ceilDiv(cells, members.size());
        for (int cell = 0; cell < cells; cell++) {
            String leader = leaders.get(cell);
            int here = cell;
            willing(cell).stream()
                    .filter(id -> !id.equals(leader) && follows(id, here) && load(id, standbys) < fair)
                    .findFirst()
                    .ifPresent(id -> standbys.putIfAbsent(here, id));
        }
        for (int cell = 0; cell < cells; cell++) {
            String leader = leaders.get(cell);
            List<String> others =
                    willing(cell).stream().filter(id -> !id.equals(leader)).toList();
            if (!standbys.containsKey(cell) && !others.isEmpty()) {
                standbys.put(cell, leastOf(others, standbys));
            }
        }
    }

    /** A cell that is to move is given to nobody until its leader has let go of it; who is to get it follows it so long. */
    private Map<String, CellShare> shares() {
        Map<String, CellShare> shares = new TreeMap<>();
        members.keySet().forEach(id -> {
            Set<Integer> led = cellsOf(id, leaders);
            Set<Integer> waiting = new TreeSet<>(led);
            led.removeIf(cell -> !current.getOrDefault(cell, id).equals(id));
            waiting.removeAll(led);
            waiting.addAll(cellsOf(id, standbys));
            shares.put(id, new CellShare(led, waiting));
        });
        return shares;
    }

    private static Set<Integer> cellsOf(String id, Map<Integer, String> holders) {
        Set<Integer> mine = new TreeSet<>();
        holders.forEach((cell, holder) -> {
            if (holder.equals(id)) {
                mine.add(cell);
            }
        });
        return mine;
    }

    /** Who may lead a cell: those that do not refuse it; all, if all refuse. */
    private List<String> willing(int cell) {
        List<String> willing = members.values().stream()
                .filter(member -> !member.refused().contains(cell))
                .map(GroupMember::id)
                .toList();
        return willing.isEmpty() ? List.copyOf(members.keySet()) : willing;
    }

    private boolean follows(String id, int cell) {
        GroupMember member = members.get(id);
        return member != null && member.followed().contains(cell);
    }

    private static String leastOf(List<String> ids, Map<Integer, String> holders) {
        return ids.stream()
                .min(Comparator.comparingLong(id -> load(id, holders)))
                .orElseThrow();
    }

    private static long load(String id, Map<Integer, String> holders) {
        return holders.values().stream().filter(id::equals).count();
    }
}
