package io.viommufleet.controller.placement;

import io.viommufleet.common.model.DeviceMatch;
import io.viommufleet.common.model.HostDevice;
import io.viommufleet.common.model.HostInventory;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What is known of one class of VMs: which slots of each layout serve which guest device, what keeps it from each class of hosts
 * even while they are empty, and when a search found no host at all. All of it follows from the classes, so that it is found out
 * once.
 */
final class VmProfile {
    private final DeviceFeasibility feasibility;
    private final VmClass vmClass;
    private final Map<HostLayout, Choices> byLayout = new HashMap<>();
    private final Map<HostClass, Optional<Obstacle>> byClass = new HashMap<>();
    private final Map<Served, Optional<Obstacle>> refusals = new HashMap<>();
    private long barrenAt = -1;

    private record Served(int guest, DeviceKind kind) {}

    /**
     * What a layout offers.
     *
     * @param obstacle that no claim has to do with
     * @param slots by guest device
     */
    record Choices(Optional<Obstacle> obstacle, GuestChoices slots) {}

    VmProfile(DeviceFeasibility feasibility, VmClass vmClass) {
        this.feasibility = feasibility;
        this.vmClass = vmClass;
    }

    VmClass vmClass() {
        return vmClass;
    }

    /** Forgets a layout that no host has any more. */
    void forget(HostLayout layout) {
        byLayout.remove(layout);
        refusals.clear();
    }

    /** Forgets a class that no host is in any more. */
    void forget(HostClass hostClass) {
        byClass.remove(hostClass);
    }

    /** Forgets all classes of hosts, because they were divided anew. */
    void forgetClasses() {
        byClass.clear();
    }

    /** Whether a search found no host, and no host has gained anything since. */
    boolean barren(long gains) {
        return barrenAt == gains;
    }

    void foundNone(long gains) {
        barrenAt = gains;
    }

    /** What one host offers, addresses included. */
    Choices on(Candidate vm, IndexedHost host) {
        return vmClass.byAddress()
                ? choices(vm, host.layout(), host.inventory(), true)
                : ofLayout(vm, host.layout(), host.inventory());
    }

    /** What hosts of a layout offer, addresses apart. */
    private Choices ofLayout(Candidate vm, HostLayout layout, HostInventory sample) {
        Choices known = byLayout.get(layout);
        if (known == null) {
            known = choices(vm, layout, sample, false);
            byLayout.put(layout, known);
        }
        return known;
    }

    /** What hosts of a class offer, addresses apart. */
    Choices ofLayout(Candidate vm, HostClass hostClass) {
        return ofLayout(vm, hostClass.layout(), hostClass.sample().inventory());
    }

    /** What keeps a class of VMs from an empty host that takes work; empty where nothing does. */
    Optional<Obstacle> onEmpty(Candidate vm, HostClass hostClass) {
        Optional<Obstacle> known = byClass.get(hostClass);
        if (known == null) {
            IndexedHost empty = hostClass.pristine();
            known = HostJudge.obstacle(vm, empty, ofLayout(vm, hostClass));
            byClass.put(hostClass, known);
        }
        return known;
    }

    private Choices choices(Candidate vm, HostLayout layout, HostInventory inventory, boolean addresses) {
        List<BitSet> slots = new ArrayList<>();
        Optional<Obstacle> first = Optional.empty();
        for (int guest = 0; guest < vmClass.matches().size(); guest++) {
            BitSet serving = new BitSet();
            Obstacle obstacle = serving(vm, guest, layout, inventory, addresses, serving);
            slots.add(serving);
            if (serving.isEmpty() && (first.isEmpty() || obstacle.before(first.get()))) {
                first = Optional.of(obstacle);
            }
        }
        return new Choices(first, new GuestChoices(layout, slots));
    }

    /** Fills in the slots that serve a guest device; returns what the device that comes nearest lacks, if none does. */
    private Obstacle serving(
            Candidate vm, int guest, HostLayout layout, HostInventory inventory, boolean addresses, BitSet serving) {
        Optional<DeviceMatch> match = vmClass.matches().get(guest).map(wanted -> addresses ? wanted : anywhere(wanted));
        List<HostDevice> devices = HostLayout.slotDevices(inventory);
        Obstacle obstacle = Obstacle.NO_SUCH_DEVICE;
        for (int slot = 0; slot < devices.size(); slot++) {
            HostDevice device = devices.get(slot);
            if (match.isEmpty() || match.get().accepts(device)) {
                Optional<Obstacle> refusal =
                        refusal(vm, guest, layout.slot(slot).kind(), inventory, device);
                if (refusal.isEmpty()) {
                    serving.set(slot);
                } else if (obstacle.before(Obstacle.CANNOT_NEST)) {
                    obstacle = refusal.get();
                }
            }
        }
        return obstacle;
    }

    private static DeviceMatch anywhere(DeviceMatch match) {
        return new DeviceMatch(match.vendor(), match.device(), match.deviceClass(), Optional.empty());
    }

    /** A pinned VM is not asked about feasibility: its attach will say it, with the step. */
    private Optional<Obstacle> refusal(
            Candidate vm, int guest, DeviceKind kind, HostInventory inventory, HostDevice device) {
        if (kind.foreign()) {
            return Optional.of(Obstacle.GROUP_NOT_CLAIMABLE);
        }
        return vmClass.pinned()
                ? Optional.empty()
                : refusals.computeIfAbsent(
                        new Served(guest, kind),
                        absent -> feasibility
                                .check(vm, vm.guests().get(guest), inventory, device)
                                .map(DeviceFeasibility.Refusal::obstacle));
    }
}
