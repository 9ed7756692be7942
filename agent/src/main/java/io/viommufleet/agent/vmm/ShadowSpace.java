package io.viommufleet.agent.vmm;

import io.viommufleet.agent.iommufd.IoasMap;
import io.viommufleet.agent.iommufd.IoasUnmap;
import io.viommufleet.agent.iommufd.MapFlags;
import io.viommufleet.agent.vmm.ShadowTable.Piece;
import io.viommufleet.common.feasibility.GuestMemory;
import java.util.ArrayList;
import java.util.List;

/**
 * One guest address space whose translation the VMM shadows in its IOASes: all of guest memory while DMA passes through, and what the guest maps
 * otherwise.
 */
final class ShadowSpace {
    private final String key;
    private final boolean initiallyPassing;
    private ShadowTable table = ShadowTable.empty();
    private Use use = Use.UNTOUCHED;
    private boolean passing;

    /** What the guest last made of the space. */
    enum Use {
        /** Nothing yet. */
        UNTOUCHED,
        /** It translates, through what is mapped. */
        TRANSLATED,
        /** It passes DMA through. */
        BYPASSED
    }

    ShadowSpace(String key, boolean initiallyPassing) {
        this.key = key;
        this.initiallyPassing = initiallyPassing;
        this.passing = initiallyPassing;
    }

    ShadowTable table() {
        return table;
    }

    Use use() {
        return use;
    }

    /** Whether DMA passes through before the guest does anything. */
    boolean initiallyPassing() {
        return initiallyPassing;
    }

    /** Brings the IOASes from what is mapped to what shall be. */
    void become(boolean nextPassing, Use nextUse, ShadowTable next, boolean shown, GuestActivity activity)
            throws GuestFailure {
        boolean passingBefore = passing;
        Use useBefore = use;
        ShadowTable tableBefore = table;
        for (Container container : containers(activity.vm())) {
            apply(container, nextPassing, nextPassing || !shown ? ShadowTable.empty() : next, activity);
        }
        passing = nextPassing;
        use = nextUse;
        table = next;
        activity.onFailure(() -> {
            passing = passingBefore;
            use = useBefore;
            table = tableBefore;
        });
    }

    private List<Container> containers(VmProcess vm) {
        return vm.containers().stream()
                .filter(container -> container.addressSpace().equals(key))
                .toList();
    }

    /** Unmaps what goes before it maps what comes, for they may overlap. */
    private static void apply(Container container, boolean memory, ShadowTable wanted, GuestActivity activity)
            throws GuestFailure {
        for (Piece piece : List.copyOf(container.guestMappings().values())) {
            if (!piece.equals(wanted.pieces().get(piece.iova()))) {
                unmap(container, piece, activity);
            }
        }
        for (GuestMemory.Section section : memory ? List.<GuestMemory.Section>of() : List.copyOf(container.mapped())) {
            unmap(container, section, activity);
        }
        if (memory && container.mapped().isEmpty()) {
            for (GuestMemory.Section section : activity.vm().memory()) {
                if (!section.readOnly() || !container.ignoresReadOnly()) {
                    map(container, section, activity);
                }
            }
        }
        for (Piece piece : wanted.pieces().values()) {
            if (!container.guestMappings().containsKey(piece.iova())) {
                map(container, piece, activity);
            }
        }
    }

    private static void map(Container container, Piece piece, GuestActivity activity) throws GuestFailure {
        IoasMap call = mapping(container, activity.vm(), piece);
        activity.call(call);
        container.guestMappings().put(piece.iova(), piece);
        activity.onFailure(() -> {
            activity.tryCall(new IoasUnmap(container.ioas(), piece.iova(), piece.lengthBytes()));
            container.guestMappings().remove(piece.iova());
        });
    }

    private static void unmap(Container container, Piece piece, GuestActivity activity) throws GuestFailure {
        activity.vm().dirtyTracking().beforeUnmap(container, piece.iova(), piece.lengthBytes(), piece.address());
        activity.call(new IoasUnmap(container.ioas(), piece.iova(), piece.lengthBytes()));
        container.guestMappings().remove(piece.iova());
        IoasMap back = mapping(container, activity.vm(), piece);
        activity.onFailure(() -> {
            activity.tryCall(back);
            container.guestMappings().put(piece.iova(), piece);
        });
    }

    private static void map(Container container, GuestMemory.Section section, GuestActivity activity)
            throws GuestFailure {
        activity.call(mapping(container, section));
        container.mapped().add(section);
        activity.onFailure(() -> {
            activity.tryCall(unmapping(container, section));
            container.mapped().remove(section);
        });
    }

    private static void unmap(Container container, GuestMemory.Section section, GuestActivity activity)
            throws GuestFailure {
        List<GuestMemory.Section> before = new ArrayList<>(container.mapped());
        long first = section.range().first();
        activity.vm()
                .dirtyTracking()
                .beforeUnmap(container, first, section.range().last() - first + 1, first);
        activity.call(unmapping(container, section));
        container.mapped().remove(section);
        activity.onFailure(() -> {
            activity.tryCall(mapping(container, section));
            container.mapped().clear();
            container.mapped().addAll(before);
        });
    }

    /** The memory behind a piece; a guest that maps what it has no memory at is refused (QEMU memory_get_xlat_addr). */
    private static IoasMap mapping(Container container, VmProcess vm, Piece piece) throws GuestFailure {
        GuestMemory.Section section = vm.memory().stream()
                .filter(candidate -> Long.compareUnsigned(candidate.range().first(), piece.address()) <= 0
                        && Long.compareUnsigned(
                                        piece.address() + piece.lengthBytes() - 1,
                                        candidate.range().last())
                                <= 0)
                .findFirst()
                .orElseThrow(() -> GuestFailure.refused("the guest has no memory at 0x%x to 0x%x"
                        .formatted(piece.address(), piece.address() + piece.lengthBytes() - 1)));
        long address =
                VmProcess.addressOf(section) + piece.address() - section.range().first();
        return new IoasMap(
                flags(piece.writable() && !section.readOnly()),
                container.ioas(),
                address,
                piece.lengthBytes(),
                piece.iova());
    }

    private static IoasMap mapping(Container container, GuestMemory.Section section) {
        return new IoasMap(
                flags(!section.readOnly()),
                container.ioas(),
                VmProcess.addressOf(section),
                section.range().last() - section.range().first() + 1,
                section.range().first());
    }

    private static IoasUnmap unmapping(Container container, GuestMemory.Section section) {
        long bytes = section.range().last() - section.range().first() + 1;
        return new IoasUnmap(container.ioas(), section.range().first(), bytes);
    }

    private static int flags(boolean writable) {
        return MapFlags.FIXED_IOVA | MapFlags.READABLE | (writable ? MapFlags.WRITEABLE : 0);
    }
}
