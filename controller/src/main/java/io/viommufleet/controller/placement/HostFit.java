package io.viommufleet.controller.placement;

import io.viommufleet.common.model.Bdf;
import io.viommufleet.common.model.Placement;
import io.viommufleet.common.model.PlacementRules;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** Fits a VM into what one host has left: devices, and guest RAM, which passthrough pins whole, by NUMA node. */
final class HostFit {
    private final Candidate vm;
    private final IndexedHost host;
    private final GuestChoices choices;
    private final HostLayout layout;
    private final BitSet free;

    HostFit(Candidate vm, IndexedHost host, GuestChoices choices) {
        this.vm = vm;
        this.host = host;
        this.choices = choices;
        this.layout = host.layout();
        this.free = new BitSet();
        free.set(0, layout.size());
        free.andNot(host.blockedFor(vm.name()));
    }

    /** What came of it. */
    sealed interface Answer {
        /** The VM fits. */
        record Fits(Placement.Leg leg) implements Answer {}

        /** It does not. */
        record Not(Obstacle obstacle) implements Answer {}
    }

    Answer answer() {
        Map<String, String> avoided = vm.spec().placement().antiAffinity();
        if (!avoided.isEmpty()
                && host.claims().labelledBeside(avoided, vm.name()).isPresent()) {
            return new Answer.Not(Obstacle.ANTI_AFFINITY);
        }
        if (quarantinedGuest().isPresent()) {
            return new Answer.Not(Obstacle.GROUP_QUARANTINED);
        }
        Optional<int[]> anywhere = choices.choose(free);
        if (anywhere.isEmpty()) {
            return new Answer.Not(Obstacle.NO_FREE_DEVICE);
        }
        if (host.freeBytes(vm.name()) < vm.spec().memoryBytes()) {
            return new Answer.Not(Obstacle.NO_MEMORY);
        }
        PlacementRules.Numa numa = vm.spec().placement().numa();
        Optional<Answer> single = numa == PlacementRules.Numa.ANY ? Optional.empty() : onOneNode();
        return single.orElseGet(() -> numa == PlacementRules.Numa.SINGLE
                ? new Answer.Not(Obstacle.NUMA)
                : fits(anywhere.get(), spreadMemory(anywhere.get())));
    }

    /** A guest device, by position, for which everything that could serve it is quarantined. */
    Optional<Integer> quarantinedGuest() {
        BitSet quarantined = host.quarantined();
        for (int guest = 0; guest < choices.guests() && !quarantined.isEmpty(); guest++) {
            BitSet left = (BitSet) choices.slotsOf(guest).clone();
            left.andNot(quarantined);
            if (left.isEmpty()) {
                return Optional.of(guest);
            }
        }
        return Optional.empty();
    }

    /** Everything on one node: the one with the most memory left, or with the least for a VM that packs. */
    private Optional<Answer> onOneNode() {
        boolean pack = vm.spec().placement().strategy() == PlacementRules.Strategy.PACK;
        for (int node : byFreeMemory(pack)) {
            if (freeOn(node) >= vm.spec().memoryBytes()) {
                BitSet here = (BitSet) free.clone();
                here.and(layout.slotsOn(node));
                Optional<int[]> chosen = choices.choose(here);
                if (chosen.isPresent()) {
                    return Optional.of(fits(chosen.get(), Map.of(node, vm.spec().memoryBytes())));
                }
            }
        }
        return Optional.empty();
    }

    private List<Integer> byFreeMemory(boolean leastFirst) {
        List<Integer> nodes = new ArrayList<>();
        for (int node : layout.nodes()) {
            nodes.add(node);
        }
        Comparator<Integer> byFree = Comparator.comparingLong(this::freeOn);
        nodes.sort((leastFirst ? byFree : byFree.reversed()).thenComparing(Comparator.naturalOrder()));
        return nodes;
    }

    private long freeOn(int node) {
        return host.freeBytesOn(node, vm.name());
    }

    /** From the nodes of the chosen devices, the one with the most devices first; then from the others, the emptiest first. */
    private Map<Integer, Long> spreadMemory(int[] chosen) {
        Map<Integer, Integer> devices = new HashMap<>();
        for (int slot : chosen) {
            devices.merge(layout.slot(slot).node(), 1, Integer::sum);
        }
        List<Integer> nodes = byFreeMemory(false);
        nodes.sort(Comparator.comparing((Integer node) -> devices.getOrDefault(node, 0))
                .reversed());
        Map<Integer, Long> taken = new TreeMap<>();
        long missing = vm.spec().memoryBytes();
        for (int node : nodes) {
            long here = Math.min(missing, freeOn(node));
            if (here > 0) {
                taken.put(node, here);
                missing -= here;
            }
        }
        return taken;
    }

    private Answer fits(int[] chosen, Map<Integer, Long> memoryByNode) {
        Map<String, Bdf> devices = new HashMap<>();
        for (int guest = 0; guest < chosen.length; guest++) {
            devices.put(vm.guests().get(guest).id(), host.address(chosen[guest]));
        }
        return new Answer.Fits(new Placement.Leg(host.name(), devices, memoryByNode));
    }
}
