package io.viommufleet.controller.placement;

import io.viommufleet.common.model.Bdf;
import io.viommufleet.common.model.Placement;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;

/** Who has what of one host. It needs no inventory: claims on a host that nobody has heard of yet are kept as well. */
final class HostClaims {
    private final Map<String, Claim> claims = new TreeMap<>();
    private final Map<Bdf, TreeMap<String, Integer>> holders = new HashMap<>();
    private final Map<String, TreeSet<Bdf>> held = new HashMap<>();
    private final Map<Map.Entry<String, String>, Integer> labels = new HashMap<>();
    private final Map<Integer, Long> bytesByNode = new TreeMap<>();
    private long bytes;

    /**
     * What one VM's leg takes.
     *
     * @param leg with its devices and its memory by NUMA node
     * @param memoryBytes guest RAM
     * @param labels of the VM
     */
    record Claim(Placement.Leg leg, long memoryBytes, Map<String, String> labels) {}

    /** A copy that goes its own way. */
    HostClaims copy() {
        HostClaims copy = new HostClaims();
        claims.forEach(copy::claim);
        held.forEach((vm, devices) -> devices.forEach(device -> copy.hold(device, vm)));
        return copy;
    }

    /** Takes a leg; one that the VM already has here is given back first. */
    void claim(String vm, Claim claim) {
        release(vm);
        claims.put(vm, claim);
        bytes += claim.memoryBytes();
        claim.leg().memoryByNode().forEach((node, taken) -> bytesByNode.merge(node, taken, Long::sum));
        claim.labels().entrySet().forEach(label -> labels.merge(label, 1, Integer::sum));
        claim.leg().devices().values().forEach(device -> count(device, vm, 1));
    }

    /** Gives a leg back; nothing happens where the VM has none here. */
    void release(String vm) {
        Claim claim = claims.remove(vm);
        if (claim != null) {
            bytes -= claim.memoryBytes();
            claim.leg().memoryByNode().forEach((node, taken) -> bytesByNode.merge(node, -taken, Long::sum));
            claim.labels().entrySet().forEach(label -> labels.computeIfPresent(label, (key, count) -> less(count)));
            claim.leg().devices().values().forEach(device -> count(device, vm, -1));
        }
    }

    /** Keeps a single device for a VM, beside any leg. */
    void hold(Bdf device, String vm) {
        if (held.computeIfAbsent(vm, absent -> new TreeSet<>()).add(device)) {
            count(device, vm, 1);
        }
    }

    /** Gives a single device back. */
    void letGo(Bdf device, String vm) {
        TreeSet<Bdf> devices = held.getOrDefault(vm, new TreeSet<>());
        if (devices.remove(device)) {
            count(device, vm, -1);
            if (devices.isEmpty()) {
                held.remove(vm);
            }
        }
    }

    private void count(Bdf device, String vm, int change) {
        TreeMap<String, Integer> vms = holders.computeIfAbsent(device, absent -> new TreeMap<>());
        if (vms.merge(vm, change, Integer::sum) == 0) {
            vms.remove(vm);
        }
        if (vms.isEmpty()) {
            holders.remove(device);
        }
    }

    @SuppressWarnings("NullAway") // a null value removes the entry
    private static Integer less(int count) {
        return count == 1 ? null : Integer.valueOf(count - 1);
    }

    /** The VMs with a leg here, by name. */
    Map<String, Claim> claims() {
        return claims;
    }

    /** Whether the VM has a leg or a single device here. */
    boolean concerns(String vm) {
        return claims.containsKey(vm) || held.containsKey(vm);
    }

    boolean isEmpty() {
        return claims.isEmpty() && held.isEmpty();
    }

    boolean isHeld(Bdf device) {
        return holders.containsKey(device);
    }

    /** Another VM that has a device. */
    Optional<String> holderBeside(Bdf device, String vm) {
        TreeMap<String, Integer> vms = holders.get(device);
        return vms == null
                ? Optional.empty()
                : vms.keySet().stream().filter(name -> !name.equals(vm)).findFirst();
    }

    /** Guest RAM of the VMs here, without one of them. */
    long bytesBeside(String vm) {
        Claim own = claims.get(vm);
        return own == null ? bytes : bytes - own.memoryBytes();
    }

    /** Guest RAM on a NUMA node, without that of one VM. */
    long bytesOnNodeBeside(int node, String vm) {
        long all = bytesByNode.getOrDefault(node, 0L);
        Claim own = claims.get(vm);
        return own == null ? all : all - own.leg().memoryByNode().getOrDefault(node, 0L);
    }

    /** A VM, other than that one, that has one of the labels; empty where there is none. */
    Optional<String> labelledBeside(Map<String, String> unwanted, String vm) {
        if (unwanted.entrySet().stream().noneMatch(labels::containsKey)) {
            return Optional.empty();
        }
        return claims.entrySet().stream()
                .filter(entry -> !entry.getKey().equals(vm))
                .filter(entry -> unwanted.entrySet().stream()
                        .anyMatch(label -> entry.getValue().labels().entrySet().contains(label)))
                .map(Map.Entry::getKey)
                .findFirst();
    }
}
