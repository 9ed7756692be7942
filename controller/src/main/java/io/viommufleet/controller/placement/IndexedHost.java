package io.viommufleet.controller.placement;

import io.viommufleet.common.model.Bdf;
import io.viommufleet.common.model.HostDevice;
import io.viommufleet.common.model.HostInventory;
import java.util.BitSet;
import java.util.List;
import java.util.Optional;

/** One known host: its standing, its layout and what is left of it. */
final class IndexedHost {
    private final HostStanding standing;
    private final HostLayout layout;
    private final HostClaims claims;
    private final List<HostDevice> devices;
    private final HostRing.Position position;
    private final BitSet quarantined = new BitSet();
    private BitSet blocked = new BitSet();
    private int used;

    IndexedHost(HostStanding standing, HostLayout layout, HostClaims claims) {
        this.standing = standing;
        this.layout = layout;
        this.claims = claims;
        this.position = new HostRing.Position(StableHash.of(standing.name()), standing.name());
        this.devices = HostLayout.slotDevices(standing.inventory());
        for (int slot = 0; slot < devices.size(); slot++) {
            if (devices.get(slot)
                    .group()
                    .filter(standing.quarantinedGroups()::contains)
                    .isPresent()) {
                quarantined.set(slot);
            }
        }
        refresh();
    }

    /** Takes in what changed in the claims. */
    void refresh() {
        BitSet held = new BitSet();
        for (int slot = 0; slot < devices.size(); slot++) {
            if (claims.isHeld(devices.get(slot).bdf())) {
                held.set(slot);
            }
        }
        used = held.cardinality();
        blocked = blockedBy(held);
    }

    private BitSet blockedBy(BitSet held) {
        BitSet result = (BitSet) quarantined.clone();
        for (int slot = held.nextSetBit(0); slot >= 0; slot = held.nextSetBit(slot + 1)) {
            result.or(layout.conflicts(slot));
        }
        return result;
    }

    String name() {
        return standing.name();
    }

    HostStanding standing() {
        return standing;
    }

    HostInventory inventory() {
        return standing.inventory();
    }

    HostLayout layout() {
        return layout;
    }

    HostClaims claims() {
        return claims;
    }

    HostDevice device(int slot) {
        return devices.get(slot);
    }

    Bdf address(int slot) {
        return devices.get(slot).bdf();
    }

    /** How many devices are in use, by whomever. */
    int used() {
        return used;
    }

    /** How many are left, though not for every VM. */
    int left() {
        return devices.size() - used;
    }

    /** Slots whose group is quarantined. */
    BitSet quarantined() {
        return quarantined;
    }

    /** Slots that a VM cannot have: quarantined, or excluded by what other VMs hold. Not to be changed. */
    BitSet blockedFor(String vm) {
        if (!claims.concerns(vm)) {
            return blocked;
        }
        BitSet held = new BitSet();
        for (int slot = 0; slot < devices.size(); slot++) {
            if (claims.holderBeside(devices.get(slot).bdf(), vm).isPresent()) {
                held.set(slot);
            }
        }
        return blockedBy(held);
    }

    /** RAM that a VM could pin here: in all, and where the host tells its nodes no more than they have left together. */
    long freeBytes(String vm) {
        long free = inventory().memoryBytes() - claims.bytesBeside(vm);
        if (layout.nodes().length == 0) {
            return free;
        }
        long onNodes = 0;
        for (int node : layout.nodes()) {
            onNodes += freeBytesOn(node, vm);
        }
        return Math.min(free, onNodes);
    }

    /** RAM that a VM could pin on one NUMA node. */
    long freeBytesOn(int node, String vm) {
        long all = inventory().numaMemoryBytes().getOrDefault(node, 0L);
        return Math.max(0, all - claims.bytesOnNodeBeside(node, vm));
    }

    /** How far behind a VM's place on the ring this host is; unsigned. */
    long distanceFrom(long vmHash) {
        return position.hash() - vmHash;
    }

    /** Its place on any ring. */
    HostRing.Position position() {
        return position;
    }

    /** What is left, in short. */
    HostStock stock() {
        return HostStock.of(layout, used, blocked, !quarantined.isEmpty());
    }

    /** The value of a label; empty text without. */
    String label(String key) {
        return Optional.ofNullable(inventory().metadata().labels().get(key)).orElse("");
    }
}
