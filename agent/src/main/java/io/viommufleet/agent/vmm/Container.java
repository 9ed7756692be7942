package io.viommufleet.agent.vmm;

import io.viommufleet.common.feasibility.AddressRange;
import io.viommufleet.common.feasibility.GuestMemory;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/** An IOAS of a VMM with the HWPTs on it (QEMU VFIOIOMMUFDContainer). Devices of one guest address space share it where the kernel lets them. */
final class Container {
    private final String addressSpace;
    private final int ioas;
    private final List<DefaultHwpt> hwpts = new ArrayList<>();
    private final List<GuestMemory.Section> mapped = new ArrayList<>();
    private final TreeMap<Long, ShadowTable.Piece> guestMappings = new TreeMap<>(Long::compareUnsigned);
    private final List<AddressRange> usableRanges = new ArrayList<>();
    private long pageSizeMask = 4096;
    private boolean ignoresReadOnly;
    private int users;

    /** The stage-2 HWPT that devices are attached to. */
    static final class DefaultHwpt {
        private final int id;
        private final boolean nestingParent;
        private final boolean tracksDirty;
        private int users;

        DefaultHwpt(int id, boolean nestingParent, boolean tracksDirty) {
            this.id = id;
            this.nestingParent = nestingParent;
            this.tracksDirty = tracksDirty;
        }

        int id() {
            return id;
        }

        boolean nestingParent() {
            return nestingParent;
        }

        /** Whether it was allocated with dirty tracking. */
        boolean tracksDirty() {
            return tracksDirty;
        }

        void join() {
            users++;
        }

        /** True when the last device left. */
        boolean leave() {
            return --users == 0;
        }
    }

    Container(String addressSpace, int ioas) {
        this.addressSpace = addressSpace;
        this.ioas = ioas;
    }

    String addressSpace() {
        return addressSpace;
    }

    int ioas() {
        return ioas;
    }

    List<DefaultHwpt> hwpts() {
        return hwpts;
    }

    /** What IOVA_RANGES said; empty when it failed. */
    List<AddressRange> usableRanges() {
        return List.copyOf(usableRanges);
    }

    long pageSizeMask() {
        return pageSizeMask;
    }

    void setUsable(List<AddressRange> ranges, long mask) {
        usableRanges.clear();
        usableRanges.addAll(ranges);
        pageSizeMask = mask;
    }

    /** Whether read-only memory is left out, for a host that writes to it under nesting. Once set, it stays. */
    boolean ignoresReadOnly() {
        return ignoresReadOnly;
    }

    void ignoreReadOnly() {
        ignoresReadOnly = true;
    }

    /** The sections of guest memory that are mapped. */
    List<GuestMemory.Section> mapped() {
        return mapped;
    }

    /** What the guest mapped through a vIOMMU that is shadowed, by IOVA. */
    SortedMap<Long, ShadowTable.Piece> guestMappings() {
        return guestMappings;
    }

    void join() {
        users++;
    }

    void leave() {
        users--;
    }

    boolean isUnused() {
        return users == 0;
    }
}
