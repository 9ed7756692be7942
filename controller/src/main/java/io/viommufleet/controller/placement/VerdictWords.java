package io.viommufleet.controller.placement;

import io.viommufleet.common.model.HostDevice;
import io.viommufleet.common.model.HostInventory;
import io.viommufleet.common.model.PlacementRules;
import io.viommufleet.common.viommu.GuestDevice;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/** Says an obstacle of one host to one VM in words: with the device, and the values on both sides. */
final class VerdictWords {
    private static final int MEBIBYTE_BITS = 20;

    private final DeviceFeasibility feasibility;
    private final Candidate vm;
    private final IndexedHost host;
    private final PlacementRules rules;
    private final GuestChoices choices;

    VerdictWords(DeviceFeasibility feasibility, Candidate vm, VmProfile profile, IndexedHost host) {
        this.feasibility = feasibility;
        this.vm = vm;
        this.host = host;
        this.rules = vm.spec().placement();
        this.choices = profile.on(vm, host).slots();
    }

    /** The reason, which must be the host's first obstacle. */
    String of(Obstacle obstacle) {
        return switch (obstacle) {
            case NOT_ALLOWED -> notAllowed();
            case WRONG_POOL -> wrongPool();
            case LOST -> "it is lost: " + host.standing().lost().orElse("");
            case NOT_ADMITTED -> "its agent waits for admission";
            case QUARANTINED -> host.standing().quarantine().orElse("");
            case CORDONED -> "it takes no new VMs";
            case SILENT -> "its agent has not been heard of lately";
            case RULES_UNKNOWN ->
                "its agent knows the rules versions %s, the VM is pinned to %s"
                        .formatted(
                                String.join(", ", host.inventory().rulesVersions()),
                                vm.decision().rulesVersion());
            case NO_SUCH_DEVICE, GROUP_NOT_CLAIMABLE, CANNOT_NEST, CANNOT_ATTACH -> unserved(obstacle);
            case ANTI_AFFINITY -> beside();
            case GROUP_QUARANTINED -> groupQuarantined();
            case NO_FREE_DEVICE -> noFreeDevice();
            case NO_MEMORY ->
                "%d MiB of memory are free, the VM pins %d MiB"
                        .formatted(
                                Math.max(0, host.freeBytes(vm.name())) >> MEBIBYTE_BITS,
                                vm.spec().memoryBytes() >> MEBIBYTE_BITS);
            case NUMA -> numa();
        };
    }

    private String notAllowed() {
        return rules.hosts().isEmpty() || rules.hosts().contains(host.name())
                ? "the VM wants the label %s"
                        .formatted(HostJudge.missingLabel(vm, host).orElse(""))
                : "the VM allows %s only".formatted(String.join(", ", rules.hosts()));
    }

    private String wrongPool() {
        String wanted = rules.pool().map(pool -> "pool " + pool).orElse("hosts in no pool");
        return host.standing()
                .pool()
                .map(pool -> "it is in pool %s, the VM wants %s".formatted(pool, wanted))
                .orElseGet(() -> "it is in no pool, the VM wants " + wanted);
    }

    /** The first guest device that nothing serves for that reason. */
    private String unserved(Obstacle obstacle) {
        for (int guest = 0; guest < vm.guests().size(); guest++) {
            if (choices.slotsOf(guest).isEmpty()) {
                Optional<String> words = unserved(vm.guests().get(guest), obstacle);
                if (words.isPresent()) {
                    return words.get();
                }
            }
        }
        return obstacle.summary();
    }

    private Optional<String> unserved(GuestDevice guest, Obstacle obstacle) {
        HostInventory inventory = host.inventory();
        List<HostDevice> matching = HostLayout.slotDevices(inventory).stream()
                .filter(device -> VmClass.match(vm, guest)
                        .filter(match -> !match.accepts(device))
                        .isEmpty())
                .toList();
        if (obstacle == Obstacle.NO_SUCH_DEVICE) {
            return matching.isEmpty() ? Optional.of("no device matches " + guest.id()) : Optional.empty();
        }
        List<HostDevice> claimable = matching.stream()
                .filter(device -> DeviceKind.foreignTo(inventory, device).isEmpty())
                .toList();
        if (obstacle == Obstacle.GROUP_NOT_CLAIMABLE) {
            return claimable.isEmpty() ? matching.stream().findFirst().flatMap(this::foreign) : Optional.empty();
        }
        return claimable.stream()
                .findFirst()
                .flatMap(device -> feasibility.check(vm, guest, inventory, device))
                .filter(refusal -> refusal.obstacle() == obstacle)
                .map(refusal -> "%s: %s".formatted(guest.id(), refusal.reason()));
    }

    private Optional<String> foreign(HostDevice device) {
        return DeviceKind.foreignTo(host.inventory(), device)
                .map(member -> "iommu group %d holds %s, which is bound to %s and not assignable"
                        .formatted(
                                device.group().orElseThrow(),
                                member.bdf(),
                                member.driver().orElse("no driver")));
    }

    private String beside() {
        Map<String, String> avoided = rules.antiAffinity();
        return "VM %s is there, and the VM avoids %s"
                .formatted(
                        host.claims().labelledBeside(avoided, vm.name()).orElse(""),
                        avoided.entrySet().stream()
                                .map(label -> label.getKey() + "=" + label.getValue())
                                .sorted()
                                .collect(Collectors.joining(" and ")));
    }

    private String groupQuarantined() {
        int guest = new HostFit(vm, host, choices).quarantinedGuest().orElse(0);
        int slot = choices.slotsOf(guest).nextSetBit(0);
        return "%s: iommu group %d is quarantined"
                .formatted(
                        vm.guests().get(guest).id(), host.device(slot).group().orElse(-1));
    }

    private String noFreeDevice() {
        BitSet blocked = host.blockedFor(vm.name());
        for (int guest = 0; guest < choices.guests(); guest++) {
            BitSet free = (BitSet) choices.slotsOf(guest).clone();
            free.andNot(blocked);
            if (free.isEmpty()) {
                return choices.slotsOf(guest).stream()
                        .boxed()
                        .flatMap(slot -> taken(slot).stream())
                        .findFirst()
                        .orElse("no device is free for "
                                + vm.guests().get(guest).id());
            }
        }
        return "its free devices serve some of the VM's %d devices, not all".formatted(choices.guests());
    }

    /** Who holds a slot or excludes it; empty where its group is quarantined instead. */
    private Optional<String> taken(int slot) {
        HostDevice device = host.device(slot);
        return host.layout().conflicts(slot).stream()
                .boxed()
                .filter(other -> host.claims()
                        .holderBeside(host.address(other), vm.name())
                        .isPresent())
                .sorted((a, b) -> Boolean.compare(b == slot, a == slot))
                .findFirst()
                .map(other -> other == slot
                        ? "%s is held by VM %s".formatted(device.bdf(), holder(other))
                        : "%s, %s of %s, is held by VM %s"
                                .formatted(host.address(other), relation(slot, other), device.bdf(), holder(other)));
    }

    private String holder(int slot) {
        return host.claims().holderBeside(host.address(slot), vm.name()).orElse("");
    }

    private String relation(int slot, int other) {
        if (host.layout().virtualFunctions(slot).get(other)) {
            return "a virtual function";
        }
        return host.layout().virtualFunctions(other).get(slot) ? "the physical function" : "in the iommu group";
    }

    private String numa() {
        if (host.layout().nodes().length == 0) {
            return "it does not tell its memory by NUMA node, and the VM wants one node";
        }
        return "no NUMA node has both the devices and %d MiB of memory left: %s"
                .formatted(
                        vm.spec().memoryBytes() >> MEBIBYTE_BITS,
                        java.util.Arrays.stream(host.layout().nodes())
                                .mapToObj(node -> "node %d has %d MiB"
                                        .formatted(node, host.freeBytesOn(node, vm.name()) >> MEBIBYTE_BITS))
                                .collect(Collectors.joining(", ")));
    }
}
