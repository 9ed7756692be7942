package io.viommufleet.controller.placement;

import io.viommufleet.common.model.Bdf;
import io.viommufleet.common.model.DeviceMatch;
import io.viommufleet.common.model.HostDevice;
import io.viommufleet.common.model.PlacementRules;
import io.viommufleet.common.viommu.GuestDevice;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/**
 * Placement as its rules say it, by looking at every host and trying every device: the yardstick of the index. It keeps its own
 * books and shares with the index the feasibility of one device and the hash of a name only.
 */
final class NaivePlacement {
    private final DeviceFeasibility feasibility = new HostFeasibility();
    final Map<String, HostStanding> hosts = new TreeMap<>();
    final Map<String, Map<String, HostClaims.Claim>> claims = new TreeMap<>();
    final Map<String, Map<Bdf, Set<String>>> held = new HashMap<>();

    /** The host that the VM goes to. */
    Optional<String> place(Candidate vm) {
        PlacementRules rules = vm.spec().placement();
        Comparator<HostStanding> preference = Comparator.<HostStanding>comparingInt(host -> spread(vm, host))
                .thenComparingInt(host -> level(rules, host))
                .thenComparing(host -> StableHash.of(host.name()) - StableHash.of(vm.name()), Long::compareUnsigned)
                .thenComparing(HostStanding::name);
        return hosts.values().stream()
                .filter(host -> takes(vm, host))
                .min(preference)
                .map(HostStanding::name);
    }

    private int spread(Candidate vm, HostStanding host) {
        return vm.spec()
                .placement()
                .spread()
                .map(label -> hosts.values().stream()
                        .filter(other -> label(other, label).equals(label(host, label)))
                        .mapToInt(other -> (int) claimsOn(other).keySet().stream()
                                .filter(name -> !name.equals(vm.name()))
                                .count())
                        .sum())
                .orElse(0);
    }

    private static String label(HostStanding host, String label) {
        return host.inventory().metadata().labels().getOrDefault(label, "");
    }

    private int level(PlacementRules rules, HostStanding host) {
        int used = (int) devices(host).stream()
                .filter(device -> !holders(host, device.bdf()).isEmpty())
                .count();
        return rules.strategy() == PlacementRules.Strategy.PACK ? devices(host).size() - used : used;
    }

    private static List<HostDevice> devices(HostStanding host) {
        return host.inventory().devices().stream()
                .filter(device -> !device.bridge())
                .toList();
    }

    private Map<String, HostClaims.Claim> claimsOn(HostStanding host) {
        return claims.getOrDefault(host.name(), Map.of());
    }

    private Set<String> holders(HostStanding host, Bdf device) {
        Set<String> holders =
                new HashSet<>(held.getOrDefault(host.name(), Map.of()).getOrDefault(device, Set.of()));
        claimsOn(host).forEach((vm, claim) -> {
            if (claim.leg().devices().containsValue(device)) {
                holders.add(vm);
            }
        });
        return holders;
    }

    /** Whether a host takes a VM now. */
    boolean takes(Candidate vm, HostStanding host) {
        PlacementRules rules = vm.spec().placement();
        Map<String, String> labels = host.inventory().metadata().labels();
        boolean allowed = (rules.hosts().isEmpty() || rules.hosts().contains(host.name()))
                && labels.entrySet().containsAll(rules.labels().entrySet())
                && Optional.ofNullable(labels.get("fleet/pool")).equals(rules.pool());
        boolean works = host.lost().isEmpty()
                && host.admitted()
                && host.quarantine().isEmpty()
                && !host.cordoned()
                && host.live()
                && host.inventory().rulesVersions().contains("1");
        boolean alone = claimsOn(host).entrySet().stream()
                .filter(claim -> !claim.getKey().equals(vm.name()))
                .noneMatch(claim -> claim.getValue().labels().entrySet().stream()
                        .anyMatch(label -> rules.antiAffinity().entrySet().contains(label)));
        return allowed && works && alone && fits(vm, host);
    }

    private boolean fits(Candidate vm, HostStanding host) {
        Map<Integer, Long> nodes = new TreeMap<>();
        host.inventory()
                .numaMemoryBytes()
                .forEach((node, bytes) -> nodes.put(node, Math.max(0, bytes - used(vm, host, node))));
        long total = host.inventory().memoryBytes()
                - claimsOn(host).entrySet().stream()
                        .filter(claim -> !claim.getKey().equals(vm.name()))
                        .mapToLong(claim -> claim.getValue().memoryBytes())
                        .sum();
        long free = nodes.isEmpty()
                ? total
                : Math.min(
                        total,
                        nodes.values().stream().mapToLong(Long::longValue).sum());
        long wanted = vm.spec().memoryBytes();
        if (free < wanted) {
            return false;
        }
        List<HostDevice> left = devices(host).stream()
                .filter(device -> isFree(vm, host, device))
                .toList();
        if (vm.spec().placement().numa() != PlacementRules.Numa.SINGLE) {
            return serve(vm, host, left, 0, new ArrayList<>());
        }
        return nodes.entrySet().stream()
                .filter(node -> node.getValue() >= wanted)
                .anyMatch(node -> serve(
                        vm,
                        host,
                        left.stream()
                                .filter(device ->
                                        nodes.size() == 1 || device.numa().equals(Optional.of(node.getKey())))
                                .toList(),
                        0,
                        new ArrayList<>()));
    }

    private long used(Candidate vm, HostStanding host, int node) {
        return claimsOn(host).entrySet().stream()
                .filter(claim -> !claim.getKey().equals(vm.name()))
                .mapToLong(claim -> claim.getValue().leg().memoryByNode().getOrDefault(node, 0L))
                .sum();
    }

    /** Whether nobody else has the device, its group, its physical or its virtual functions. */
    boolean isFree(Candidate vm, HostStanding host, HostDevice device) {
        boolean quarantined =
                device.group().filter(host.quarantinedGroups()::contains).isPresent();
        return !quarantined
                && devices(host).stream()
                        .filter(other -> other.equals(device)
                                || (device.group().isPresent() && other.group().equals(device.group()))
                                || related(device, other))
                        .allMatch(other -> holders(host, other.bdf()).stream().allMatch(vm.name()::equals));
    }

    static boolean related(HostDevice one, HostDevice other) {
        return one.virtualFunctions().contains(other.bdf())
                || other.virtualFunctions().contains(one.bdf());
    }

    /** Whether a device could serve a guest device on an idle host. */
    boolean serves(Candidate vm, HostStanding host, GuestDevice guest, HostDevice device) {
        DeviceMatch match = Objects.requireNonNull(vm.spec().matches().get(guest.id()), "a match of every device");
        boolean company = host.inventory().devices().stream()
                .filter(other -> other.group().equals(device.group()) && !other.pciBridge())
                .allMatch(other -> other.boundToVfio() || other.driver().isEmpty());
        return match.accepts(device)
                && company
                && (vm.spec().placement().pinned()
                        || feasibility
                                .check(vm, guest, host.inventory(), device)
                                .isEmpty());
    }

    private boolean serve(Candidate vm, HostStanding host, List<HostDevice> left, int guest, List<HostDevice> taken) {
        if (guest == vm.guests().size()) {
            return true;
        }
        for (HostDevice device : left) {
            if (!taken.contains(device)
                    && taken.stream().noneMatch(other -> related(device, other))
                    && serves(vm, host, vm.guests().get(guest), device)) {
                taken.add(device);
                if (serve(vm, host, left, guest + 1, taken)) {
                    return true;
                }
                taken.removeLast();
            }
        }
        return false;
    }
}
