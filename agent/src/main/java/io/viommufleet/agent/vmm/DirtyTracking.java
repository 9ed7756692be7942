package io.viommufleet.agent.vmm;

import io.viommufleet.agent.iommufd.GetDirtyBitmap;
import io.viommufleet.agent.iommufd.Result;
import io.viommufleet.agent.iommufd.SetDirtyTracking;
import io.viommufleet.agent.iommufd.system.UserBuffer;
import io.viommufleet.agent.vmm.Container.DefaultHwpt;
import io.viommufleet.common.feasibility.GuestMemory;
import io.viommufleet.common.model.GuestReport;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What devices write while their VM migrates (QEMU iommufd_set_dirty_page_tracking, iommufd_query_dirty_bitmap). Only HWPTs that were allocated for it
 * track; memory behind any other counts as dirty in every pass.
 */
final class DirtyTracking {
    private static final long PAGE_BYTES = 4096;
    private static final String DIRTY_BITMAP = "HWPT_GET_DIRTY_BITMAP";

    private final VmProcess vm;
    private final BitSet unmapped = new BitSet();
    private boolean active;
    private GuestReport.@Nullable Failure lost;

    DirtyTracking(VmProcess vm) {
        this.vm = vm;
    }

    /** Turns tracking on everywhere; if that fails at one HWPT, off again at all others, and the answer is EINVAL whatever the kernel said. */
    Optional<GuestReport.Failure> start() {
        List<DefaultHwpt> started = new ArrayList<>();
        for (DefaultHwpt hwpt : tracking()) {
            Result<?> result = vm.iommufd().call(new SetDirtyTracking(SetDirtyTracking.ENABLE, hwpt.id()));
            if (!result.isOk()) {
                started.forEach(this::stop);
                return Optional.of(new GuestReport.Failure(
                        Optional.of("HWPT_SET_DIRTY_TRACKING"),
                        Optional.of("EINVAL"),
                        "dirty tracking cannot be started: the kernel says " + result.errno()));
            }
            started.add(hwpt);
        }
        active = true;
        lost = null;
        unmapped.clear();
        return Optional.empty();
    }

    /** Turns tracking off. */
    void stop() {
        active = false;
        tracking().forEach(this::stop);
    }

    private void stop(DefaultHwpt hwpt) {
        vm.iommufd().call(new SetDirtyTracking(0, hwpt.id()));
    }

    /** Reads what was written since the last pass. */
    DirtyPass pass() {
        BitSet pages = (BitSet) unmapped.clone();
        unmapped.clear();
        for (Container container : vm.containers()) {
            for (GuestMemory.Section section : container.mapped()) {
                long first = section.range().first();
                read(container, first, section.range().last() - first + 1, first, 0, pages);
            }
            for (ShadowTable.Piece piece : container.guestMappings().values()) {
                read(container, piece.iova(), piece.lengthBytes(), piece.address(), 0, pages);
            }
        }
        return new DirtyPass(pages, Optional.ofNullable(lost));
    }

    /** A mapping is about to go: what was written through it is read first. The unmap goes on in any case; what is lost fails the migration. */
    void beforeUnmap(Container container, long iova, long lengthBytes, long address) {
        if (active) {
            read(container, iova, lengthBytes, address, GetDirtyBitmap.NO_CLEAR, unmapped);
        }
    }

    private void read(Container container, long iova, long lengthBytes, long address, int flags, BitSet pages) {
        int first = Math.toIntExact(address / PAGE_BYTES);
        int count = Math.toIntExact((lengthBytes + PAGE_BYTES - 1) / PAGE_BYTES);
        for (DefaultHwpt hwpt : container.hwpts()) {
            if (!hwpt.tracksDirty()) {
                pages.set(first, first + count);
                continue;
            }
            byte[] bitmap = new byte[(count + Long.SIZE - 1) / Long.SIZE * Long.BYTES];
            Result<?> result = vm.iommufd()
                    .call(new GetDirtyBitmap(
                            flags, hwpt.id(), iova, lengthBytes, PAGE_BYTES, UserBuffer.of(bitmap), 0));
            if (result.isOk()) {
                BitSet.valueOf(bitmap).stream().forEach(page -> pages.set(first + page));
            } else {
                lost = new GuestReport.Failure(
                        Optional.of(DIRTY_BITMAP),
                        Optional.of(String.valueOf(result.errno())),
                        "what was written at 0x%x is not known".formatted(iova));
            }
        }
    }

    private List<DefaultHwpt> tracking() {
        return vm.containers().stream()
                .flatMap(container -> container.hwpts().stream())
                .filter(DefaultHwpt::tracksDirty)
                .toList();
    }
}
