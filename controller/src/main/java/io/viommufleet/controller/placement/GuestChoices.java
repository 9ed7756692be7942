package io.viommufleet.controller.placement;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Which slots of a host could serve each device of a VM, whoever has them now. Guest devices that take the same slots are one
 * demand for a number of them; where demands share no slot, serving them is counting.
 *
 * <p>Immutable.
 */
final class GuestChoices {
    private final HostLayout layout;
    private final List<BitSet> slotsOf;
    private final List<Demand> demands;
    private final boolean separate;

    /**
     * Guest devices that are alike to the host.
     *
     * @param slots that could serve each
     * @param classes of alike devices that the slots are of
     * @param guests their positions among the guest's devices
     */
    private record Demand(BitSet slots, BitSet classes, List<Integer> guests) {}

    /**
     * @param slotsOf by the position of the guest device
     */
    GuestChoices(HostLayout layout, List<BitSet> slotsOf) {
        this.layout = layout;
        this.slotsOf = slotsOf;
        Map<BitSet, List<Integer>> bySlots = new LinkedHashMap<>();
        for (int guest = 0; guest < slotsOf.size(); guest++) {
            bySlots.computeIfAbsent(slotsOf.get(guest), absent -> new ArrayList<>())
                    .add(guest);
        }
        demands = bySlots.entrySet().stream()
                .map(entry -> new Demand(entry.getKey(), classes(entry.getKey()), entry.getValue()))
                .toList();
        int together = demands.stream()
                .mapToInt(demand -> demand.slots().cardinality())
                .sum();
        separate = together == union().cardinality();
    }

    private BitSet classes(BitSet slots) {
        BitSet classes = new BitSet();
        slots.stream().forEach(slot -> classes.set(layout.alike(slot)));
        return classes;
    }

    private BitSet union() {
        BitSet union = new BitSet();
        demands.forEach(demand -> union.or(demand.slots()));
        return union;
    }

    /** Slots that could serve a guest device. Not to be changed. */
    BitSet slotsOf(int guest) {
        return slotsOf.get(guest);
    }

    int guests() {
        return slotsOf.size();
    }

    /** Whether a host with that stock may have enough devices left; false is certain. */
    boolean mayBeServedFrom(HostStock stock) {
        for (Demand demand : demands) {
            if (!stock.mayHave(demand.guests().size(), demand.classes())) {
                return false;
            }
        }
        return true;
    }

    /**
     * A slot for each guest device, by position, of those allowed; empty where not all can be served. A physical function
     * excludes its virtual functions within one VM too: where both were taken, first the virtual ones are left out, then the
     * physical one, so that an answer is found if there is one.
     */
    Optional<int[]> choose(BitSet allowed) {
        Optional<int[]> chosen = separate ? count(allowed) : match(allowed);
        if (chosen.isEmpty() || !layout.hasVirtualFunctions()) {
            return chosen;
        }
        BitSet taken = new BitSet();
        for (int slot : chosen.get()) {
            taken.set(slot);
        }
        Optional<Integer> physical = taken.stream()
                .filter(slot -> layout.virtualFunctions(slot).intersects(taken))
                .boxed()
                .findFirst();
        return physical.isEmpty()
                ? chosen
                : choose(without(allowed, layout.virtualFunctions(physical.get())))
                        .or(() -> choose(without(allowed, only(physical.get()))));
    }

    private static BitSet only(int slot) {
        BitSet one = new BitSet();
        one.set(slot);
        return one;
    }

    private static BitSet without(BitSet allowed, BitSet excluded) {
        BitSet left = (BitSet) allowed.clone();
        left.andNot(excluded);
        return left;
    }

    /** Demands share no slot: each takes the first that are allowed. */
    private Optional<int[]> count(BitSet allowed) {
        int[] chosen = new int[slotsOf.size()];
        for (Demand demand : demands) {
            int served = 0;
            for (int slot : layout.order()) {
                if (served < demand.guests().size()
                        && allowed.get(slot)
                        && demand.slots().get(slot)) {
                    chosen[demand.guests().get(served++)] = slot;
                }
            }
            if (served < demand.guests().size()) {
                return Optional.empty();
            }
        }
        return Optional.of(chosen);
    }

    private Optional<int[]> match(BitSet allowed) {
        Map<Integer, List<Integer>> choices = new HashMap<>();
        List<Integer> guests = new ArrayList<>();
        for (int guest = 0; guest < slotsOf.size(); guest++) {
            guests.add(guest);
            List<Integer> slots = new ArrayList<>();
            for (int slot : layout.order()) {
                if (allowed.get(slot) && slotsOf.get(guest).get(slot)) {
                    slots.add(slot);
                }
            }
            choices.put(guest, slots);
        }
        return Matching.of(guests, choices)
                .map(served -> guests.stream().mapToInt(served::get).toArray());
    }
}
