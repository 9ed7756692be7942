package io.viommufleet.agent.vmm;

import static org.assertj.core.api.Assertions.assertThat;

import io.viommufleet.agent.iommufd.HwptPaging;
import io.viommufleet.agent.iommufd.ObjectKind;
import io.viommufleet.agent.iommufd.driver.DirtyLog;
import io.viommufleet.agent.iommufd.system.Errno;
import io.viommufleet.common.model.AttachStep;
import io.viommufleet.common.model.GuestReport;
import io.viommufleet.common.model.MigrationReport;
import io.viommufleet.common.viommu.RulesVersion;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Dirty pages and guest state leave the source, and the target has the same kernel objects afterwards. */
class VmMigrationTest {
    private static TestVm nested() {
        return TestVm.nestedIntel("pasid-bits=8").rules(RulesVersion.V2);
    }

    private static TestGuest guest(TestVm vm) {
        return TestGuest.of(TestHost.vtd(), vm.device());
    }

    private static VmMigration migration(TestGuest guest) {
        return guest.host().migration("vm").orElseThrow();
    }

    /** What a device's DMA leaves in the log of its page table. */
    private static void writes(TestGuest guest, long iova, long bytes) {
        VmProcess vm = guest.host().process("vm").orElseThrow();
        int hwpt = vm.containers().getFirst().hwpts().getFirst().id();
        DirtyLog log = ((HwptPaging) Objects.requireNonNull(vm.iommufd().find(hwpt)))
                .domain()
                .dirtyLog();
        Objects.requireNonNull(log).mark(iova, iova + bytes - 1);
    }

    @Test
    void passesTellWhatWasWrittenSinceTheLast() {
        TestGuest guest = guest(TestVm.intel());
        VmMigration migration = migration(guest);
        writes(guest, 0x9000, 1);

        assertThat(migration.startDirtyTracking()).isEmpty();
        assertThat(migration.dirtyPages().pages().isEmpty())
                .as("tracking starts clean")
                .isTrue();
        writes(guest, 0x5000, 0x1001);
        writes(guest, 0x1_0000_0000L, 1);
        assertThat(migration.dirtyPages().pages().stream()).containsExactly(5, 6, 0x10_0000);
        assertThat(migration.dirtyPages().pages().isEmpty()).isTrue();
        migration.stopDirtyTracking();
    }

    @Test
    void theParentOfANestedHwptTracksGuestPhysicalPages() {
        TestGuest guest = guest(nested());
        guest.does("enable-viommu", "map d0 iova=0xdead0000 length=4KiB");

        assertThat(migration(guest).startDirtyTracking()).isEmpty();
        writes(guest, 0x7000, 1);
        assertThat(migration(guest).dirtyPages().pages().stream()).containsExactly(7);
    }

    @Test
    void shadowedMappingsAreReadBackToGuestPages() {
        TestGuest guest = guest(TestVm.intel());
        guest.does("enable-viommu", "map d0 iova=0x40000000 length=8KiB to=0x300000");

        assertThat(migration(guest).startDirtyTracking()).isEmpty();
        writes(guest, 0x4000_1000L, 1);
        assertThat(migration(guest).dirtyPages().pages().stream()).containsExactly(0x301);
    }

    @Test
    void whatIsUnmappedInBetweenIsReadFirst() {
        TestGuest guest = guest(TestVm.intel());
        guest.does("enable-viommu", "map d0 iova=0x40000000 length=4KiB to=0x300000");
        assertThat(migration(guest).startDirtyTracking()).isEmpty();
        writes(guest, 0x4000_0000L, 1);

        assertThat(guest.calls("unmap d0 iova=0x40000000 length=4KiB")).isEqualTo("IOAS_UNMAP");
        assertThat(migration(guest).dirtyPages().pages().stream()).containsExactly(0x300);
    }

    @Test
    void aReadingThatFailsAtAnUnmapFailsTheMigrationAndNotTheUnmap() {
        TestGuest guest = guest(TestVm.intel());
        guest.does("enable-viommu", "map d0 iova=0x40000000 length=4KiB to=0x300000");
        assertThat(migration(guest).startDirtyTracking()).isEmpty();
        guest.host().kernel().inject((sequence, name) -> name.equals("HWPT_GET_DIRTY_BITMAP") ? Errno.ENOMEM : null);

        guest.does("unmap d0 iova=0x40000000 length=4KiB");
        assertThat(migration(guest).dirtyPages().failure())
                .contains(new GuestReport.Failure(
                        Optional.of("HWPT_GET_DIRTY_BITMAP"),
                        Optional.of("ENOMEM"),
                        "what was written at 0x40000000 is not known"));
    }

    @Test
    void memoryBehindAnHwptWithoutTrackingIsAlwaysDirty() {
        TestGuest guest = guest(TestVm.nestedIntel().memory(1 << 20));

        assertThat(migration(guest).startDirtyTracking()).isEmpty();
        assertThat(migration(guest).dirtyPages().pages().get(0, 256).cardinality())
                .isEqualTo(256);
    }

    @Test
    void aStartThatFailsHalfwayIsTakenBack() {
        TestGuest guest = TestGuest.of(TestHost.vtd(), TestVm.intel().device().device());
        long before = guest.host().kernel().callCount();
        guest.host().kernel().inject((sequence, name) -> sequence == before + 2 ? Errno.EIO : null);

        assertThat(migration(guest).startDirtyTracking().orElseThrow().errno()).contains("EINVAL");
        assertThat(guest.host().process("vm").orElseThrow().containers())
                .flatExtracting(Container::hwpts)
                .hasSize(2)
                .noneMatch(hwpt -> trackingOn(guest, hwpt.id()));
    }

    private static boolean trackingOn(TestGuest guest, int hwpt) {
        VmProcess vm = guest.host().process("vm").orElseThrow();
        HwptPaging paging = (HwptPaging) Objects.requireNonNull(vm.iommufd().find(hwpt));
        return Objects.requireNonNull(paging.domain().dirtyLog()).tracking();
    }

    @Test
    void aHandOverReadsPassesUntilNothingIsDirtyAndEndsTheTracking() {
        TestGuest guest = guest(TestVm.intel());

        assertThat(guest.host().handOver("vm")).isEqualTo(new MigrationReport(1, 0, Optional.empty()));
        VmProcess vm = guest.host().process("vm").orElseThrow();
        assertThat(vm.containers()).flatExtracting(Container::hwpts).noneMatch(hwpt -> trackingOn(guest, hwpt.id()));
    }

    @Test
    void aHandOverOfMemoryThatNobodyTracksEndsWithAllOfItDirty() {
        TestGuest guest = guest(TestVm.nestedIntel().memory(1 << 20));

        assertThat(guest.host().handOver("vm")).isEqualTo(new MigrationReport(3, 1 << 20, Optional.empty()));
    }

    @Test
    void aHandOverThatCannotTrackSaysWhatTheKernelSaid() {
        TestGuest guest = guest(TestVm.intel());
        guest.host().kernel().inject((sequence, name) -> name.equals("HWPT_SET_DIRTY_TRACKING") ? Errno.EIO : null);

        MigrationReport report = guest.host().handOver("vm");
        assertThat(report.passes()).isZero();
        assertThat(report.failure().orElseThrow().step()).isEqualTo(AttachStep.HAND_OVER);
        assertThat(report.failure().orElseThrow().reason()).contains("EIO");
    }

    @Test
    void theTargetRebuildsTheNestedHwptsFromTheGuestsTables() {
        TestGuest source = guest(nested());
        source.does(
                "enable-viommu",
                "map d0 iova=0 length=4KiB",
                "map d0 iova=0 length=4KiB pasid=3 table=0x3000000",
                "map d0 iova=0 length=4KiB pasid=4 table=0x4000000");
        TestGuest target = guest(nested());

        assertThat(migration(target).load(migration(source).save())).isEmpty();
        assertThat(target.count(ObjectKind.HWPT_NESTED)).isEqualTo(3);
        assertThat(target.objects().objects()).hasSameSizeAs(source.objects().objects());
        assertThat(target.calls("invalidate d0 pasid=4")).isEqualTo("HWPT_INVALIDATE");
        target.leaves();
    }

    @Test
    void theTargetMapsWhatTheGuestHadMapped() {
        for (TestVm vm : List.of(
                TestVm.intel().device(), TestVm.q35().viommu("virtio-iommu-pci").device())) {
            TestGuest source = TestGuest.of(TestHost.vtd(), vm);
            source.does("enable-viommu", "map d0 iova=0x1000 length=28KiB to=0x100000");
            TestGuest target = TestGuest.of(TestHost.vtd(), vm);

            assertThat(migration(target).load(migration(source).save())).isEmpty();
            assertThat(target.objects()).isEqualTo(source.objects());
        }
    }

    @Test
    void aReplayThatFailsLeavesTheTargetAsItWas() {
        TestGuest source = guest(nested());
        source.does("enable-viommu", "map d0 iova=0 length=4KiB", "map d0 iova=0 length=4KiB pasid=3");
        TestGuest target = guest(nested());
        HostSnapshot before = target.host().snapshot();
        long calls = target.host().kernel().callCount();
        target.host().kernel().inject((sequence, name) -> sequence == calls + 4 ? Errno.ENOMEM : null);

        assertThat(migration(target)
                        .load(migration(source).save())
                        .orElseThrow()
                        .errno())
                .contains("ENOMEM");
        assertThat(target.host().snapshot()).isEqualTo(before);
    }
}
