package io.viommufleet.controller.placement;

import io.viommufleet.common.model.Bdf;
import io.viommufleet.common.model.HostDevice;
import io.viommufleet.common.model.HostInventory;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.IntStream;

/**
 * What a host is made of, without names and addresses: hosts of one layout differ only in what is claimed of them. A device is a
 * slot, numbered in order of address; bridges have none.
 *
 * <p>Immutable.
 */
final class HostLayout {
    /** The NUMA node of a device that does not tell it. */
    static final int NO_NODE = -1;

    private final Key key;
    private final BitSet[] conflicts;
    private final BitSet[] virtualFunctions;
    private final boolean hasVirtualFunctions;
    private final int[] order;
    private final int[] nodes;
    private final Map<Integer, BitSet> slotsOn = new HashMap<>();
    private final int[] alike;
    private final int alikeCount;

    /** What makes two hosts one layout; keeps its hash, for it is large. */
    static final class Key {
        private final Platform platform;
        private final long memoryBytes;
        private final Map<Integer, Long> memoryByNode;
        private final List<Slot> slots;
        private final int hash;

        private Key(Platform platform, long memoryBytes, Map<Integer, Long> memoryByNode, List<Slot> slots) {
            this.platform = platform;
            this.memoryBytes = memoryBytes;
            this.memoryByNode = memoryByNode;
            this.slots = slots;
            this.hash = Objects.hash(platform, memoryBytes, memoryByNode, slots);
        }

        @Override
        public boolean equals(Object other) {
            return this == other
                    || (other instanceof Key key
                            && hash == key.hash
                            && memoryBytes == key.memoryBytes
                            && platform.equals(key.platform)
                            && memoryByNode.equals(key.memoryByNode)
                            && slots.equals(key.slots));
        }

        @Override
        public int hashCode() {
            return hash;
        }

        static Key of(HostInventory host) {
            Platform platform = Platform.of(host);
            List<HostDevice> devices = slotDevices(host);
            Map<Bdf, Integer> byAddress = new HashMap<>();
            devices.forEach(device -> byAddress.put(device.bdf(), byAddress.size()));
            Map<Integer, Integer> groups = new HashMap<>();
            List<Slot> slots = devices.stream()
                    .map(device -> new Slot(
                            DeviceKind.of(platform, host, device),
                            node(host, device),
                            device.group()
                                    .map(number -> groups.computeIfAbsent(number, absent -> groups.size()))
                                    .orElse(-1),
                            virtualFunctions(device, devices, byAddress)))
                    .toList();
            return new Key(platform, host.memoryBytes(), host.numaMemoryBytes(), slots);
        }

        /** On a host with one node every device is on that one. */
        private static int node(HostInventory host, HostDevice device) {
            return host.numaMemoryBytes().size() == 1
                    ? host.numaMemoryBytes().keySet().iterator().next()
                    : device.numa().orElse(NO_NODE);
        }

        /** Those that it lists, and those that name it. */
        private static List<Integer> virtualFunctions(
                HostDevice physical, List<HostDevice> devices, Map<Bdf, Integer> byAddress) {
            return devices.stream()
                    .map(HostDevice::bdf)
                    .filter(bdf -> physical.virtualFunctions().contains(bdf)
                            || devices.get(slot(byAddress, bdf))
                                    .physicalFunction()
                                    .filter(physical.bdf()::equals)
                                    .isPresent())
                    .map(bdf -> slot(byAddress, bdf))
                    .toList();
        }

        private static int slot(Map<Bdf, Integer> byAddress, Bdf bdf) {
            return byAddress.getOrDefault(bdf, -1);
        }
    }

    /**
     * One device.
     *
     * @param kind what it is
     * @param node its NUMA node, or {@link #NO_NODE}
     * @param group number of its iommu group among those of the host, in order of appearance; -1 without
     * @param virtualFunctions slots of those that it has
     */
    record Slot(DeviceKind kind, int node, int group, List<Integer> virtualFunctions) {}

    HostLayout(Key key) {
        this.key = key;
        int size = key.slots.size();
        virtualFunctions = bitSets(size);
        conflicts = bitSets(size);
        for (int slot = 0; slot < size; slot++) {
            for (int function : key.slots.get(slot).virtualFunctions()) {
                virtualFunctions[slot].set(function);
                conflicts[slot].set(function);
                conflicts[function].set(slot);
            }
        }
        for (int slot = 0; slot < size; slot++) {
            int group = key.slots.get(slot).group();
            for (int other = 0; other < size && group >= 0; other++) {
                if (key.slots.get(other).group() == group) {
                    conflicts[slot].set(other);
                }
            }
            conflicts[slot].set(slot);
        }
        hasVirtualFunctions = Arrays.stream(virtualFunctions).anyMatch(family -> !family.isEmpty());
        order = IntStream.range(0, size)
                .boxed()
                .sorted(Comparator.<Integer>comparingInt(slot -> conflicts[slot].cardinality())
                        .thenComparingInt(slot -> slot))
                .mapToInt(slot -> slot)
                .toArray();
        nodes = key.memoryByNode.keySet().stream()
                .mapToInt(node -> node)
                .sorted()
                .toArray();
        for (int node : nodes) {
            BitSet here = new BitSet();
            IntStream.range(0, size).filter(slot -> slot(slot).node() == node).forEach(here::set);
            slotsOn.put(node, here);
        }
        Map<Alike, Integer> classes = new HashMap<>();
        alike = key.slots.stream()
                .mapToInt(
                        slot -> classes.computeIfAbsent(new Alike(slot.kind(), slot.node()), absent -> classes.size()))
                .toArray();
        alikeCount = classes.size();
    }

    private record Alike(DeviceKind kind, int node) {}

    private static BitSet[] bitSets(int size) {
        BitSet[] sets = new BitSet[size];
        Arrays.setAll(sets, slot -> new BitSet(size));
        return sets;
    }

    /** The devices of a host that have a slot, in the order of their slots. */
    static List<HostDevice> slotDevices(HostInventory host) {
        return host.devices().stream().filter(device -> !device.bridge()).toList();
    }

    Key key() {
        return key;
    }

    /** How many devices there are. */
    int size() {
        return key.slots.size();
    }

    Slot slot(int index) {
        return key.slots.get(index);
    }

    /** What another VM may not have while one has this slot: its group, and its physical or virtual functions; itself too. */
    BitSet conflicts(int slot) {
        return conflicts[slot];
    }

    /** The virtual functions of a slot, which one VM cannot have beside it. Not to be changed. */
    BitSet virtualFunctions(int slot) {
        return virtualFunctions[slot];
    }

    /** Whether any device has virtual functions. */
    boolean hasVirtualFunctions() {
        return hasVirtualFunctions;
    }

    /** All slots, those first that keep the fewest others from other VMs; then by address. */
    int[] order() {
        return order;
    }

    /** The NUMA nodes with memory, ascending; empty where the host does not tell. */
    int[] nodes() {
        return nodes;
    }

    /** The slots on a NUMA node that has memory. Not to be changed. */
    BitSet slotsOn(int node) {
        return Objects.requireNonNull(slotsOn.get(node), "a node of the layout");
    }

    /** Which class of alike devices, of one kind on one node, a slot belongs to: 0 to {@link #alikeCount} - 1. */
    int alike(int slot) {
        return alike[slot];
    }

    int alikeCount() {
        return alikeCount;
    }
}
