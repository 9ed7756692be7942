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

    /** What keeps the VM from claiming a device; empty where nothing does. */
    Optional<HostVerdict> obstacleTo(Bdf bdf) {
        HostDevice device = devices.get(bdf);
        if (device == null || device.group().isEmpty()) {
            return not(Obstacle.GROUP_NOT_CLAIMABLE, "%s is in no iommu group".formatted(bdf));
        }
        int group = device.group().get();
        if (host.quarantinedGroups().contains(group)) {
            return not(Obstacle.QUARANTINED, "iommu group %d is quarantined".formatted(group));
        }
        Optional<HostVerdict> foreign = foreignMember(group);
        return foreign.isPresent() ? foreign : held(device, group);
    }

    /** A member of the group that can be given to nobody keeps the whole group with the host. */
    private Optional<HostVerdict> foreignMember(int group) {
        return members(group).stream()
                .filter(member -> !assignable(member))
                .findFirst()
                .flatMap(member -> not(
                        Obstacle.GROUP_NOT_CLAIMABLE,
                        "iommu group %d holds %s, which is bound to %s and not assignable"
                                .formatted(group, member.bdf(), member.driver().orElse("no driver"))));
    }

    private boolean assignable(HostDevice member) {
        return member.boundToVfio()
                || member.driver().isEmpty()
                || host.inventory().assignable().contains(member.bdf());
    }

    private Optional<HostVerdict> held(HostDevice device, int group) {
        Optional<Bdf> taken = members(group).stream()
                .map(HostDevice::bdf)
                .filter(this::heldByAnother)
                .findFirst();
        if (taken.isPresent()) {
            return not(
                    Obstacle.NO_FREE_DEVICE,
                    "%s of iommu group %d is held by VM %s"
                            .formatted(taken.get(), group, host.holders().get(taken.get())));
        }
        return relatives(device).stream()
                .filter(this::heldByAnother)
                .findFirst()
                .flatMap(relative -> not(
                        Obstacle.NO_FREE_DEVICE,
                        "%s, the %s function of %s, is held by VM %s"
                                .formatted(
                                        relative,
                                        device.physicalFunction().isPresent() ? "physical" : "virtual",
                                        device.bdf(),
                                        host.holders().get(relative))));
    }

    private boolean heldByAnother(Bdf bdf) {
        String holder = host.holders().get(bdf);
        return holder != null && !Objects.equals(holder, vm);
    }

    private List<HostDevice> members(int group) {
        return host.inventory().devices().stream()
                .filter(device ->
                        device.group().filter(number -> number == group).isPresent())
                .filter(device -> !device.bridge())
                .toList();
    }

    private static Collection<Bdf> relatives(HostDevice device) {
        return device.physicalFunction().map(List::of).orElse(device.virtualFunctions());
    }

    /** A physical function and one of its own virtual functions among the devices of one VM. */
    Optional<String> conflictAmong(Collection<Bdf> chosen) {
        return chosen.stream()
                .map(devices::get)
                .filter(Objects::nonNull)
                .filter(device ->
                        device.physicalFunction().filter(chosen::contains).isPresent())
                .findFirst()
                .map(device -> "%s is a virtual function of %s, which the VM wants too"
                        .formatted(device.bdf(), device.physicalFunction().orElseThrow()));
    }

    private Optional<HostVerdict> not(Obstacle obstacle, String reason) {
        return Optional.of(HostVerdict.not(host.name(), obstacle, reason));
    }
}
