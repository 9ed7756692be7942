package io.viommufleet.controller.placement;

import io.viommufleet.common.model.Placement;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Function;

/**
 * What the loss of one host would do: how many of its VMs would find no place on the others. An estimate, and on the safe side of
 * the truth: the VMs are placed one after another, by name, as placement itself would do it, so that a cleverer order might find
 * room for more. Works on a copy of the index, as of its making.
 */
public final class HeadRoom {
    private final HostIndex index;
    private final Function<String, Optional<Candidate>> candidates;

    /**
     * @param now the index to copy
     * @param candidates a VM by its name; empty for one that would not be placed anew, which does not count
     */
    public HeadRoom(HostIndex now, Function<String, Optional<Candidate>> candidates) {
        this.index = now.fork();
        this.candidates = candidates;
    }

    /** The VMs with a leg on a host that would find no place without it, by name. */
    public Set<String> homelessWithout(String host) {
        Set<String> homeless = new TreeSet<>();
        Map<String, String> newHosts = new TreeMap<>();
        new TreeMap<>(index.claimsOn(host))
                .forEach((vm, claim) -> candidates.apply(vm).ifPresent(candidate -> {
                    Optional<Placement.Leg> leg = index.place(candidate, avoiding(host, vm));
                    if (leg.isPresent()) {
                        index.claim(vm, leg.get(), claim.memoryBytes(), claim.labels());
                        newHosts.put(vm, leg.get().host());
                    } else {
                        homeless.add(vm);
                    }
                }));
        newHosts.forEach(index::release);
        return homeless;
    }

    /** The other hosts where the VM has something are no new place: one of them may be where it moves to already. */
    private Set<String> avoiding(String host, String vm) {
        Set<String> avoided = new TreeSet<>(index.hostsOf(vm));
        avoided.add(host);
        return avoided;
    }

    /** The most VMs that the loss of any one host would leave without a place, over all known hosts. */
    public int worst() {
        return index.hosts().keySet().stream()
                .mapToInt(host -> homelessWithout(host).size())
                .max()
                .orElse(0);
    }
}
