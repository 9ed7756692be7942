package io.viommufleet.controller.placement;

import io.viommufleet.common.model.Bdf;
import io.viommufleet.common.model.HostDevice;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/**
 * Which devices of a host a VM may claim. A claim is on the iommu group: all of it or nothing, for the group is what the
 * IOMMU can isolate. A physical function excludes its virtual functions, and the reverse.
 */
final class GroupClaims {
    private final HostView host;
    private final String vm;
    private final Map<Bdf, HostDevice> devices = new HashMap<>();

    GroupClaims(HostView host, String vm) {
        this.host = host;
        this.vm = vm;
        host.inventory().devices().forEach(device -> devices.put(device.bdf(), device));
    }

    /**
     * A member of the device's group that can be given to nobody: it keeps the whole group with the host. Empty where there
     * is none; a device without a group has no such company, and the attach will say what it lacks.
     */
    Optional<HostVerdict> foreignTo(HostDevice device) {
        return members(device).stream()
                .filter(member -> !assignable(member))
                .findFirst()
                .flatMap(member -> not(
                        Obstacle.GROUP_NOT_CLAIMABLE,
                        "iommu group %d holds %s, which is bound to %s and not assignable"
                                .formatted(
                                        device.group().orElseThrow(),
                                        member.bdf(),
                                        member.driver().orElse("no driver"))));
    }

    private boolean assignable(HostDevice member) {
        return member.boundToVfio()
                || member.driver().isEmpty()
                || host.inventory().assignable().contains(member.bdf());
    }

    /** Who holds the device's group, or a function that excludes it; empty where it is free for the VM. */
    Optional<HostVerdict> heldFor(HostDevice device) {
        Optional<Integer> quarantined = device.group().filter(host.quarantinedGroups()::contains);
        if (quarantined.isPresent()) {
            return not(Obstacle.QUARANTINED, "iommu group %d is quarantined".formatted(quarantined.get()));
        }
        Optional<HostDevice> member =
                members(device).stream().filter(one -> heldByAnother(one.bdf())).findFirst();
        if (member.isPresent()) {
            return taken(member.get().bdf(), "in one iommu group with " + device.bdf());
        }
        return relatives(device).stream()
                .filter(this::heldByAnother)
                .findFirst()
                .flatMap(relative -> taken(
                        relative,
                        "the %s function of %s"
                                .formatted(
                                        device.physicalFunction().isPresent() ? "physical" : "virtual", device.bdf())));
    }

    private Optional<HostVerdict> taken(Bdf bdf, String relation) {
        return not(
                Obstacle.NO_FREE_DEVICE,
                "%s, %s, is held by VM %s"
                        .formatted(bdf, relation, host.holders().get(bdf)));
    }

    private boolean heldByAnother(Bdf bdf) {
        String holder = host.holders().get(bdf);
        return holder != null && !Objects.equals(holder, vm);
    }

    /** The device itself and what shares its group; bridges to PCI stay with the host whatever group they are in. */
    private List<HostDevice> members(HostDevice device) {
        return device.group().isEmpty()
                ? List.of(device)
                : host.inventory().devices().stream()
                        .filter(other -> other.group().equals(device.group()))
                        .filter(other -> !other.pciBridge())
                        .toList();
    }

    private static Collection<Bdf> relatives(HostDevice device) {
        return device.physicalFunction().map(List::of).orElse(device.virtualFunctions());
    }

    /** Two functions of which one VM can have only one. */
    record Exclusion(Bdf virtualFunction, Bdf physicalFunction) {}

    /** A physical function and one of its own virtual functions among the devices of one VM. */
    Optional<Exclusion> exclusionAmong(Collection<Bdf> chosen) {
        return chosen.stream()
                .map(devices::get)
                .filter(Objects::nonNull)
                .flatMap(device -> device
                        .physicalFunction()
                        .filter(chosen::contains)
                        .map(physical -> new Exclusion(device.bdf(), physical))
                        .stream())
                .findFirst();
    }

    private Optional<HostVerdict> not(Obstacle obstacle, String reason) {
        return Optional.of(HostVerdict.not(host.name(), obstacle, reason));
    }
}
