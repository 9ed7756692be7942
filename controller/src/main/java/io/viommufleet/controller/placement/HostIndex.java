package io.viommufleet.controller.placement;

import io.viommufleet.common.model.Bdf;
import io.viommufleet.common.model.HostInventory;
import io.viommufleet.common.model.Placement;
import io.viommufleet.common.viommu.GuestDevice;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.BiConsumer;

/**
 * The hosts of a cell and what is claimed of them, kept so that a VM is placed without looking at every host.
 *
 * <p>Every answer follows from the hosts and claims that are in it now, and from the VM; never from the order in which they
 * came. Of the hosts that can take a VM, it gets the one with, in this order: the fewest VMs under the host's value of the label
 * that the VM is spread over; the fewest devices in use, or for a VM that packs the fewest left; the next on the ring of host
 * names' hashes, from the hash of the VM's own name on.
 *
 * <p>What a VM itself has claimed or holds on a host does not keep it from there. Not for use by several threads.
 */
public final class HostIndex {
    private final DeviceFeasibility feasibility;
    private final HostCatalog catalog;
    private final VmProfiles profiles;
    private final Map<String, HostClaims> claims = new HashMap<>();
    private final Map<String, TreeSet<String>> hostsOf = new HashMap<>();
    private long gains;

    /** An index without hosts. */
    public HostIndex(DeviceFeasibility feasibility) {
        this.feasibility = feasibility;
        this.profiles = new VmProfiles(feasibility);
        this.catalog = new HostCatalog(profiles);
    }

    /** A copy to try things on: what happens to it does not happen to this one. */
    public HostIndex fork() {
        HostIndex fork = new HostIndex(feasibility);
        claims.forEach((host, held) -> fork.claims.put(host, held.copy()));
        hostsOf.forEach((vm, hosts) -> fork.hostsOf.put(vm, new TreeSet<>(hosts)));
        catalog.hosts()
                .forEach(host -> fork.catalog.putCopy(
                        host, fork.claims.computeIfAbsent(host.name(), absent -> new HostClaims())));
        return fork;
    }

    /** A host has appeared, or anything of it has changed. */
    public void put(HostStanding standing) {
        gains++;
        catalog.put(standing, claims.computeIfAbsent(standing.name(), absent -> new HostClaims()));
    }

    /** A host is gone; claims on it are kept. */
    public void remove(String host) {
        catalog.remove(host);
        forgetIfEmpty(host);
    }

    /**
     * A VM takes devices and memory of a host, known or not; what its leg there had before is given back.
     *
     * @param memoryBytes guest RAM
     * @param vmLabels of the VM, for the anti-affinity of others
     */
    public void claim(String vm, Placement.Leg leg, long memoryBytes, Map<String, String> vmLabels) {
        gains += claimsOf(leg.host()).claims().containsKey(vm) ? 1 : 0;
        change(
                leg.host(),
                vm,
                (held, name) -> held.claim(name, new HostClaims.Claim(leg, memoryBytes, Map.copyOf(vmLabels))));
    }

    /** A VM gives its leg on a host back; nothing happens where it has none. */
    public void release(String vm, String host) {
        gains++;
        change(host, vm, HostClaims::release);
    }

    /** A device is still attached for a VM, though it may have no leg there any more. */
    public void hold(String host, Bdf device, String vm) {
        change(host, vm, (held, name) -> held.hold(device, name));
    }

    /** A device that was held is no longer. */
    public void letGo(String host, Bdf device, String vm) {
        gains++;
        change(host, vm, (held, name) -> held.letGo(device, name));
    }

    private void change(String host, String vm, BiConsumer<HostClaims, String> change) {
        HostClaims held = claims.computeIfAbsent(host, absent -> new HostClaims());
        catalog.change(host, () -> change.accept(held, vm));
        TreeSet<String> hosts = hostsOf.computeIfAbsent(vm, absent -> new TreeSet<>());
        if (held.concerns(vm)) {
            hosts.add(host);
        } else {
            hosts.remove(host);
        }
        if (hosts.isEmpty()) {
            hostsOf.remove(vm);
        }
        forgetIfEmpty(host);
    }

    private void forgetIfEmpty(String host) {
        if (catalog.find(host).isEmpty() && claimsOf(host).isEmpty()) {
            claims.remove(host);
        }
    }

    private HostClaims claimsOf(String host) {
        return claims.getOrDefault(host, new HostClaims());
    }

    /** Where a VM goes; empty where no host takes it now. */
    public Optional<Placement.Leg> place(Candidate vm) {
        return place(vm, Set.of());
    }

    /**
     * Where a VM goes.
     *
     * @param avoided hosts that are not asked
     */
    public Optional<Placement.Leg> place(Candidate vm, Set<String> avoided) {
        VmProfile profile = profileOf(vm);
        Set<String> own = hostsOf(vm.name());
        HostSearch search = new HostSearch(catalog, vm, profile, own, avoided);
        List<String> named = vm.spec().placement().hosts();
        if (!named.isEmpty()) {
            named.forEach(search::consider);
            return search.best();
        }
        own.forEach(search::consider);
        if (!profile.barren(gains)) {
            search.searchRings();
            if (own.isEmpty() && avoided.isEmpty() && search.best().isEmpty()) {
                profile.foundNone(gains);
            }
        }
        return search.best();
    }

    /** What every host is to a VM, with the first obstacle in words, by name. Looks at all hosts. */
    public List<HostVerdict> verdicts(Candidate vm) {
        VmProfile profile = profileOf(vm);
        return catalog.hosts().stream()
                .map(host -> verdict(vm, profile, host))
                .sorted((a, b) -> a.host().compareTo(b.host()))
                .toList();
    }

    /** What one host is to a VM; empty for a host that is not known. */
    public Optional<HostVerdict> verdict(Candidate vm, String host) {
        VmProfile profile = profileOf(vm);
        return catalog.find(host).map(known -> verdict(vm, profile, known));
    }

    private HostVerdict verdict(Candidate vm, VmProfile profile, IndexedHost host) {
        return HostJudge.obstacle(vm, host, profile)
                .map(obstacle -> HostVerdict.not(
                        host.name(), obstacle, new VerdictWords(feasibility, vm, profile, host).of(obstacle)))
                .orElseGet(() -> HostVerdict.feasible(host.name()));
    }

    /** How many hosts have which obstacle to a VM. Cheaper than {@link #verdicts}, and says the same in numbers. */
    public VerdictCounts counts(Candidate vm) {
        return new HostCensus(catalog, vm, profileOf(vm), hostsOf(vm.name())).counts();
    }

    /**
     * How many hosts could take a VM over unchanged, the hosts apart where it has something already. Looks at the hosts of each
     * class that has room; {@link #place(Candidate, Set)} is the quick way to learn whether there is one at all.
     */
    public Reach reach(Candidate vm) {
        return new HostCensus(catalog, vm, profileOf(vm), hostsOf(vm.name())).reach();
    }

    /** Why a VM waits: counts by reason; hosts that it names and nobody knows; for a pin, the one host's own reason. */
    public String whyPending(Candidate vm) {
        List<String> named = vm.spec().placement().hosts();
        List<String> unknown = named.stream()
                .filter(host -> catalog.find(host).isEmpty())
                .distinct()
                .toList();
        String summary = counts(vm).summary();
        if (!unknown.isEmpty()) {
            return summary + "; unknown host " + String.join(", ", unknown);
        }
        return vm.spec().placement().pinned()
                ? summary
                        + verdict(vm, named.getFirst())
                                .filter(verdict -> !verdict.feasible())
                                .map(verdict -> "; %s: %s".formatted(verdict.host(), verdict.reason()))
                                .orElse("")
                : summary;
    }

    /** Why a host could not attach one of its devices to a VM, whoever may have it now; empty where it could. */
    public Optional<String> whyNot(Candidate vm, String guestDevice, HostInventory host, Bdf bdf) {
        GuestDevice guest = vm.guests().stream()
                .filter(device -> device.id().equals(guestDevice))
                .findFirst()
                .orElseThrow();
        return host.device(bdf)
                .map(device -> feasibility.check(vm, guest, host, device).map(DeviceFeasibility.Refusal::reason))
                .orElseGet(() -> Optional.of(
                        "host %s has no device %s".formatted(host.metadata().name(), bdf)));
    }

    Map<String, HostClaims.Claim> claimsOn(String host) {
        return claimsOf(host).claims();
    }

    private VmProfile profileOf(Candidate vm) {
        catalog.tellApart(vm.spec().placement());
        return profiles.of(vm);
    }

    /** The hosts that are known, by name. */
    public Map<String, HostStanding> hosts() {
        Map<String, HostStanding> hosts = new TreeMap<>();
        catalog.hosts().forEach(host -> hosts.put(host.name(), host.standing()));
        return hosts;
    }

    /** A known host. */
    public Optional<HostStanding> host(String name) {
        return catalog.find(name).map(IndexedHost::standing);
    }

    /** The hosts where a VM has a leg or holds a device, known or not, by name. */
    public Set<String> hostsOf(String vm) {
        return Collections.unmodifiableSet(hostsOf.getOrDefault(vm, new TreeSet<>()));
    }

    /** The VMs with a leg on a host, known or not, by name. */
    public Set<String> vmsOn(String host) {
        return Collections.unmodifiableSet(claimsOf(host).claims().keySet());
    }

    /** A VM that has a device of a host, by leg or held; the first by name. */
    public Optional<String> holder(String host, Bdf device) {
        return claimsOf(host).holderBeside(device, "");
    }
}
