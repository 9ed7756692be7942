package io.viommufleet.agent.vmm;

import static io.viommufleet.agent.vmm.TestHost.bit;
import static org.assertj.core.api.Assertions.assertThat;

import io.viommufleet.agent.iommufd.ObjectKind;
import io.viommufleet.agent.iommufd.system.Errno;
import io.viommufleet.common.model.GuestReport;
import io.viommufleet.common.viommu.RulesVersion;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** What a guest does with an intel-iommu that has first-stage translation. */
class NestedVtdTest {
    private static final String NEW_NESTED = "HWPT_ALLOC, VFIO_DEVICE_ATTACH_IOMMUFD_PT";
    private static final String BACK = "VFIO_DEVICE_ATTACH_IOMMUFD_PT, DESTROY";

    private static TestGuest guest() {
        return TestGuest.of(TestHost.vtd(), TestVm.nestedIntel().device());
    }

    @Test
    void aFirstStageEntryBecomesANestedHwptOnTheParent() {
        TestGuest guest = guest().does("boot", "enable-viommu");

        assertThat(guest.calls("map d0 iova=0x1000 length=4KiB")).isEqualTo(NEW_NESTED);
        assertThat(guest.count(ObjectKind.HWPT_NESTED)).isEqualTo(1);
        assertThat(guest.calls("map d0 iova=0x2000 length=4KiB"))
                .as("the hardware reads the guest's table by itself")
                .isEmpty();
        guest.leaves();
    }

    @Test
    void anotherTableReplacesTheNestedHwpt() {
        TestGuest guest = guest().does("enable-viommu", "map d0 iova=0 length=4KiB");

        assertThat(guest.calls("map d0 iova=0 length=4KiB table=0x2000000")).isEqualTo(NEW_NESTED + ", DESTROY");
        assertThat(guest.count(ObjectKind.HWPT_NESTED)).isEqualTo(1);
    }

    @Test
    void entriesWrittenBeforeRemappingIsOnAreReplayedWhenItIs() {
        TestGuest guest = guest();

        assertThat(guest.calls("map d0 iova=0 length=4KiB")).isEmpty();
        assertThat(guest.calls("enable-viommu")).isEqualTo(NEW_NESTED);
        assertThat(guest.calls("disable-viommu")).isEqualTo(BACK);
        assertThat(guest.calls("enable-viommu")).isEqualTo(NEW_NESTED);
    }

    @Test
    void passThroughGoesBackToTheParentAndARemovedEntryDetaches() {
        TestGuest guest = guest().does("enable-viommu", "map d0 iova=0 length=4KiB");

        assertThat(guest.calls("bypass d0")).isEqualTo(BACK);
        assertThat(guest.calls("block d0")).isEqualTo("VFIO_DEVICE_DETACH_IOMMUFD_PT");
        assertThat(guest.calls("disable-viommu"))
                .as("off: back on the parent")
                .isEqualTo("VFIO_DEVICE_ATTACH_IOMMUFD_PT");
        guest.leaves();
    }

    @Test
    void invalidationsGoToTheNestedHwptAndNowhereWithoutOne() {
        TestGuest guest = guest().does("enable-viommu");

        assertThat(guest.calls("invalidate d0")).isEmpty();
        guest.does("map d0 iova=0 length=4KiB");
        assertThat(guest.calls("invalidate d0")).isEqualTo("HWPT_INVALIDATE");
        assertThat(guest.calls("unmap d0 iova=0x1000 length=12KiB")).isEqualTo("HWPT_INVALIDATE");
        assertThat(guest.calls("invalidate d0 scope=configuration")).isEmpty();
    }

    @Test
    void aFaultOfTheFirstStageReachesNobodyWhereNoDeviceIsKnownToMakePageRequests() {
        TestGuest guest = TestGuest.of(
                TestHost.vtd(),
                TestVm.nestedIntel("pasid-bits=8", "svm=on", "device-iotlb=on")
                        .rules(RulesVersion.V2)
                        .device());
        guest.does("enable-viommu", "map d0 iova=0 length=4KiB");

        GuestReport report = guest.report("fault d0 iova=0x5000");
        assertThat(report.ok()).isTrue();
        assertThat(report.calls()).isEmpty();
        assertThat(report.note()).startsWith("the fault stays in the host's log");
        assertThat(guest.count(ObjectKind.FAULT)).isZero();
        guest.leaves();
    }

    @Test
    void resetLeavesTheStateAfterTheAttach() {
        TestGuest guest = guest();
        HostSnapshot attached = guest.host().snapshot();

        guest.does("enable-viommu", "map d0 iova=0 length=4KiB", "invalidate d0", "reset");
        assertThat(guest.host().snapshot()).isEqualTo(attached);
        guest.does("enable-viommu", "map d0 iova=0 length=4KiB", "block d0", "reset");
        assertThat(guest.host().snapshot()).isEqualTo(attached);
    }

    @Test
    void pasidsAreAttachedByThemselves() {
        TestGuest guest = TestGuest.of(
                TestHost.vtd(),
                TestVm.nestedIntel("pasid-bits=8").rules(RulesVersion.V2).device());

        guest.does("enable-viommu", "map d0 iova=0 length=4KiB");
        assertThat(guest.calls("map d0 iova=0 length=4KiB pasid=5 table=0x3000000"))
                .isEqualTo(NEW_NESTED);
        assertThat(guest.count(ObjectKind.HWPT_NESTED)).isEqualTo(2);
        assertThat(guest.calls("invalidate d0 pasid=5")).isEqualTo("HWPT_INVALIDATE");
        assertThat(guest.report("map d0 iova=0 length=4KiB pasid=256")
                        .failure()
                        .orElseThrow()
                        .reason())
                .isEqualTo("PASID 256 is beyond pasid-bits=8 of the vIOMMU");
        guest.leaves();
    }

    @Test
    void aFailedStepSaysWhichCallAndLeavesTheDeviceWhereItWas() {
        TestGuest guest = guest().does("enable-viommu", "map d0 iova=0 length=4KiB");
        HostSnapshot before = guest.host().snapshot();

        GuestReport report = guest.report("invalidate d0 iova=0x800 length=1");
        assertThat(report.ok()).as("invalidations are by whole pages").isTrue();
        guest.host()
                .kernel()
                .inject((sequence, name) -> name.equals("VFIO_DEVICE_ATTACH_IOMMUFD_PT") ? Errno.EINVAL : null);
        report = guest.report("map d0 iova=0 length=4KiB table=0x2000000");
        assertThat(report.failure())
                .contains(new GuestReport.Failure(
                        Optional.of("VFIO_DEVICE_ATTACH_IOMMUFD_PT"),
                        Optional.of("EINVAL"),
                        "VFIO_DEVICE_ATTACH_IOMMUFD_PT failed with EINVAL"));
        assertThat(TestGuest.words(report)).isEqualTo("HWPT_ALLOC, VFIO_DEVICE_ATTACH_IOMMUFD_PT EINVAL, DESTROY");
        assertThat(guest.host().snapshot()).isEqualTo(before);
    }

    @Test
    void aHostThatNestsWithoutPasidsFailsTheAllocationOfAGuestThatHasThem() {
        TestGuest guest = TestGuest.of(
                TestHost.vtd().kernel("6.12").clear("ecap", bit(40)).pasidBits(0),
                TestVm.nestedIntel("pasid-bits=8").memory(1 << 20).device());

        GuestReport report = guest.does("enable-viommu").report("map d0 iova=0 length=4KiB");
        assertThat(TestGuest.words(report)).isEqualTo("HWPT_ALLOC EOPNOTSUPP");
    }

    @Test
    void aGuestWithoutPasidsNestsOnAKernelThatKnowsNone() {
        TestGuest guest = TestGuest.of(
                TestHost.vtd().kernel("6.12"),
                TestVm.nestedIntel().memory(1 << 20).device());

        assertThat(guest.does("enable-viommu").calls("map d0 iova=0 length=4KiB"))
                .isEqualTo(NEW_NESTED);
    }

    @Test
    void anEntryThatTakesEffectLaterSaysSo() {
        TestGuest guest = guest();

        assertThat(guest.report("map d0 iova=0 length=4KiB").note()).contains("the vIOMMU is off");
        assertThat(guest.does("enable-viommu")
                        .report("map d0 iova=0 length=4KiB table=0x2000000")
                        .note())
                .doesNotContain("the vIOMMU is off");
    }
}
