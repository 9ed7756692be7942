package io.viommufleet.controller.placement;

import io.viommufleet.common.model.Bdf;
import io.viommufleet.common.model.DeviceMatch;
import io.viommufleet.common.model.HostDevice;
import io.viommufleet.common.model.PlacementRules;
import io.viommufleet.common.viommu.GuestDevice;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Looks at one host for one VM: the first obstacle, or the devices that would serve it. */
final class HostFilter {
    private final DeviceFeasibility feasibility;
    private final Candidate vm;
    private final HostView host;
    private final GroupClaims claims;

    HostFilter(DeviceFeasibility feasibility, Candidate vm, HostView host) {
        this.feasibility = feasibility;
        this.vm = vm;
        this.host = host;
        this.claims = new GroupClaims(host, vm.name());
    }

    /**
     * What came of it.
     *
     * @param devices host device by guest device id, where the host is feasible
     */
    record Answer(HostVerdict verdict, Optional<Map<String, Bdf>> devices) {}

    Answer answer() {
        Optional<HostVerdict> unusable = hostItself();
        if (unusable.isPresent()) {
            return new Answer(unusable.get(), Optional.empty());
        }
        Map<String, List<Bdf>> choices = new HashMap<>();
        for (GuestDevice guest : vm.decision().canonical().devices()) {
            Search search = search(guest);
            if (search.obstacle().isPresent()) {
                return new Answer(search.obstacle().get(), Optional.empty());
            }
            choices.put(guest.id(), search.devices());
        }
        Optional<Map<String, Bdf>> served = match(choices);
        if (served.isEmpty()) {
            return no(
                    Obstacle.NO_FREE_DEVICE,
                    "its free devices serve some of the VM's %d devices, not all".formatted(choices.size()));
        }
        long freeBytes = host.inventory().memoryBytes() - host.claimedMemoryBytes();
        if (freeBytes < vm.spec().memoryBytes()) {
            return no(
                    Obstacle.NO_MEMORY,
                    "%d MiB of memory are free, the VM pins %d MiB"
                            .formatted(freeBytes >> 20, vm.spec().memoryBytes() >> 20));
        }
        return new Answer(HostVerdict.feasible(host.name()), served);
    }

    /**
     * A device for each guest device. A physical function excludes its virtual functions, also within one VM: where the
     * matching took both, first the one and then the other is left out.
     */
    private Optional<Map<String, Bdf>> match(Map<String, List<Bdf>> choices) {
        List<String> guests = vm.decision().canonical().devices().stream()
                .map(GuestDevice::id)
                .toList();
        Optional<Map<String, Bdf>> served = Matching.of(guests, choices);
        Optional<GroupClaims.Exclusion> conflict = served.flatMap(devices -> claims.exclusionAmong(devices.values()));
        return conflict.isEmpty()
                ? served
                : match(without(choices, conflict.get().virtualFunction()))
                        .or(() -> match(without(choices, conflict.get().physicalFunction())));
    }

    private static Map<String, List<Bdf>> without(Map<String, List<Bdf>> choices, Bdf excluded) {
        Map<String, List<Bdf>> left = new HashMap<>();
        choices.forEach((guest, devices) -> left.put(
                guest, devices.stream().filter(bdf -> !bdf.equals(excluded)).toList()));
        return left;
    }

    private Answer no(Obstacle obstacle, String reason) {
        return new Answer(HostVerdict.not(host.name(), obstacle, reason), Optional.empty());
    }

    private Optional<HostVerdict> hostItself() {
        PlacementRules rules = vm.spec().placement();
        if (!rules.hosts().isEmpty() && !rules.hosts().contains(host.name())) {
            return not(Obstacle.NOT_ALLOWED, "the VM allows %s only".formatted(String.join(", ", rules.hosts())));
        }
        Optional<String> label = missingLabel(rules);
        if (label.isPresent()) {
            return not(Obstacle.NOT_ALLOWED, "the VM wants the label %s".formatted(label.get()));
        }
        if (!host.admitted()) {
            return not(Obstacle.NOT_ADMITTED, "its agent waits for admission");
        }
        if (host.quarantine().isPresent()) {
            return not(Obstacle.QUARANTINED, host.quarantine().get());
        }
        if (host.cordoned()) {
            return not(Obstacle.CORDONED, "it takes no new VMs");
        }
        if (!host.live()) {
            return not(Obstacle.SILENT, "its agent has not been heard of lately");
        }
        String rulesVersion = vm.decision().rulesVersion().toString();
        if (!host.inventory().rulesVersions().contains(rulesVersion)) {
            return not(
                    Obstacle.RULES_UNKNOWN,
                    "its agent knows the rules versions %s, the VM is pinned to %s"
                            .formatted(String.join(", ", host.inventory().rulesVersions()), rulesVersion));
        }
        return Optional.empty();
    }

    private Optional<HostVerdict> not(Obstacle obstacle, String reason) {
        return Optional.of(HostVerdict.not(host.name(), obstacle, reason));
    }

    private Optional<String> missingLabel(PlacementRules rules) {
        Map<String, String> labels = host.inventory().metadata().labels();
        return rules.labels().entrySet().stream()
                .filter(wanted -> !wanted.getValue().equals(labels.get(wanted.getKey())))
                .map(wanted -> wanted.getKey() + "=" + wanted.getValue())
                .sorted()
                .findFirst();
    }

    private record Search(Optional<HostVerdict> obstacle, List<Bdf> devices) {}

    /**
     * Matching devices, then those whose group could be claimed at all, then those that the host could attach, then those
     * that are free: each stage has its own reason.
     */
    private Search search(GuestDevice guest) {
        DeviceMatch match = vm.spec().matches().get(guest.id());
        List<HostDevice> matching = host.inventory().devices().stream()
                .filter(device -> !device.bridge())
                .filter(device -> match == null || match.accepts(device))
                .toList();
        if (matching.isEmpty()) {
            return stop(Obstacle.NO_SUCH_DEVICE, "no device matches %s".formatted(guest.id()));
        }
        List<HostDevice> claimable = matching.stream()
                .filter(device -> claims.foreignTo(device).isEmpty())
                .toList();
        if (claimable.isEmpty()) {
            return new Search(claims.foreignTo(matching.getFirst()), List.of());
        }
        List<HostDevice> attachable = claimable.stream()
                .filter(device -> refusal(guest, device).isEmpty())
                .toList();
        if (attachable.isEmpty()) {
            DeviceFeasibility.Refusal refusal =
                    refusal(guest, claimable.getFirst()).orElseThrow();
            return stop(refusal.obstacle(), "%s: %s".formatted(guest.id(), refusal.reason()));
        }
        List<Bdf> free = attachable.stream()
                .filter(device -> claims.heldFor(device).isEmpty())
                .map(HostDevice::bdf)
                .toList();
        return free.isEmpty()
                ? new Search(claims.heldFor(attachable.getFirst()), List.of())
                : new Search(Optional.empty(), free);
    }

    private Search stop(Obstacle obstacle, String reason) {
        return new Search(not(obstacle, reason), List.of());
    }

    /** A pinned VM is not asked about: its attach will say it, with the step. */
    private Optional<DeviceFeasibility.Refusal> refusal(GuestDevice guest, HostDevice device) {
        return vm.spec().placement().pinned()
                ? Optional.empty()
                : feasibility.check(vm, guest, host.inventory(), device);
    }
}
