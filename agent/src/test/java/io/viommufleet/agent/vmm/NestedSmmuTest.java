package io.viommufleet.agent.vmm;

import static org.assertj.core.api.Assertions.assertThat;

import io.viommufleet.agent.iommufd.FaultInjector;
import io.viommufleet.agent.iommufd.ObjectKind;
import io.viommufleet.agent.iommufd.system.Errno;
import io.viommufleet.common.model.GuestReport;
import org.junit.jupiter.api.Test;

/** What a guest does with an accelerated SMMUv3. */
class NestedSmmuTest {
    private static final String ATTACH = "VFIO_DEVICE_ATTACH_IOMMUFD_PT";

    private static TestGuest guest(String... properties) {
        return TestGuest.of(TestHost.smmuV3(), TestVm.accelerated(properties).device());
    }

    @Test
    void aStreamTableEntryMakesTheVdeviceOnceAndANestedHwptThroughTheViommu() {
        TestGuest guest = guest().does("boot", "enable-viommu");

        assertThat(guest.calls("map d0 iova=0x1000 length=4KiB")).isEqualTo("VDEVICE_ALLOC, HWPT_ALLOC, " + ATTACH);
        assertThat(guest.calls("map d0 iova=0x2000 length=4KiB")).isEmpty();
        assertThat(guest.calls("map d0 iova=0 length=4KiB table=0x2000000"))
                .isEqualTo("HWPT_ALLOC, " + ATTACH + ", DESTROY");
        assertThat(guest.count(ObjectKind.VDEVICE)).isEqualTo(1);
        assertThat(guest.count(ObjectKind.HWPT_NESTED))
                .as("abort, bypass and stage 1")
                .isEqualTo(3);
        guest.leaves();
    }

    @Test
    void bypassAndAbortEntriesUseTheSharedHwpts() {
        TestGuest guest = guest().does("enable-viommu", "map d0 iova=0 length=4KiB");

        assertThat(guest.calls("bypass d0")).isEqualTo(ATTACH + ", DESTROY");
        assertThat(guest.calls("block d0")).isEqualTo(ATTACH);
        assertThat(guest.calls("block d0")).as("it aborts already").isEmpty();
        assertThat(guest.count(ObjectKind.HWPT_NESTED)).isEqualTo(2);
    }

    @Test
    void gbpaRulesWhileTheSmmuIsOff() {
        TestGuest guest = guest().does("boot");

        assertThat(guest.calls("disable-viommu gbpa=abort")).isEqualTo(ATTACH);
        assertThat(guest.calls("disable-viommu gbpa=abort")).isEmpty();
        assertThat(guest.calls("disable-viommu gbpa=bypass")).isEqualTo(ATTACH);
        assertThat(guest.calls("enable-viommu gbpa=abort")).isEqualTo(ATTACH + ", VEVENTQ_ALLOC");
        assertThat(guest.calls("enable-viommu gbpa=bypass"))
                .as("GBPA is not looked at")
                .isEmpty();
    }

    @Test
    void commandsGoToTheViommu() {
        TestGuest guest = guest("ssidsize=8").does("enable-viommu", "map d0 iova=0 length=4KiB");

        assertThat(guest.calls("map d0 iova=0 length=4KiB pasid=3"))
                .as("CFGI_CD")
                .isEqualTo("HWPT_INVALIDATE");
        assertThat(guest.calls("map d0 iova=0 length=4KiB pasid=2 asid=7")).isEmpty();
        assertThat(guest.calls("invalidate d0")).isEqualTo("HWPT_INVALIDATE");
        assertThat(guest.calls("invalidate d0 asid=7")).isEqualTo("HWPT_INVALIDATE");
        assertThat(guest.calls("invalidate d0 scope=ats")).isEqualTo("HWPT_INVALIDATE");
        assertThat(guest.calls("unmap d0 iova=0 length=12KiB asid=7"))
                .as("a range of 3 pages")
                .isEqualTo("HWPT_INVALIDATE");
    }

    @Test
    void withoutRangeInvalidationEveryPageIsACommand() {
        TestGuest guest = guest("ril=off").does("enable-viommu", "map d0 iova=0 length=1MiB");

        assertThat(guest.calls("unmap d0 iova=0 length=12KiB")).isEqualTo("HWPT_INVALIDATE x3");
        assertThat(guest.calls("unmap d0 iova=0 length=8MiB"))
                .as("too many: the address space")
                .isEqualTo("HWPT_INVALIDATE");
    }

    @Test
    void aCommandAboutAStreamWithoutVdeviceFailsInTheKernel() {
        GuestReport report = guest().does("enable-viommu").report("invalidate d0 scope=configuration");

        assertThat(TestGuest.words(report)).isEqualTo("HWPT_INVALIDATE EIO");
        assertThat(guest().report("invalidate d0").failure().orElseThrow().reason())
                .contains("the SMMU is off");
    }

    @Test
    void eventsComeBackByTheGuestsStreamId() {
        TestGuest guest = guest().does("enable-viommu", "map d0 iova=0 length=4KiB");

        GuestReport report = guest.report("fault d0 iova=0xdead000");
        assertThat(TestGuest.words(report)).isEqualTo("read");
        assertThat(report.note()).isEqualTo("the guest gets event 0x10 of stream 0x8 at 0xdead000");
    }

    @Test
    void withoutEventQueueTheEventIsLost() {
        TestGuest guest = guest().does("enable-viommu event-queue=off", "map d0 iova=0 length=4KiB");

        assertThat(guest.count(ObjectKind.VEVENTQ)).isZero();
        assertThat(guest.report("fault d0 iova=0").note()).contains("lost");
    }

    @Test
    void resetLeavesTheStateAfterTheAttach() {
        TestGuest guest = guest();
        HostSnapshot attached = guest.host().snapshot();

        guest.does("enable-viommu gbpa=abort", "map d0 iova=0 length=4KiB", "fault d0 iova=0", "reset");
        assertThat(guest.host().snapshot()).isEqualTo(attached);
        guest.leaves();
    }

    @Test
    void laterDevicesAreOnTheirDefaultHwptUntilTheFirstReset() {
        TestGuest guest =
                TestGuest.of(TestHost.smmuV3(), TestVm.accelerated().device().device());

        assertThat(guest.calls("boot")).as("the second device joins the first").isEqualTo(ATTACH);
        HostSnapshot booted = guest.host().snapshot();
        guest.does("enable-viommu", "map d0 iova=0 length=4KiB", "map d1 iova=0 length=4KiB", "reset");
        assertThat(guest.host().snapshot()).isEqualTo(booted);
        guest.leaves();
    }

    @Test
    void theVdeviceStaysWhenTheAttachFails() {
        TestGuest guest = guest().does("enable-viommu");
        guest.host().kernel().inject((sequence, name) -> name.equals(ATTACH) ? Errno.EINVAL : null);

        GuestReport report = guest.report("map d0 iova=0 length=4KiB");
        assertThat(TestGuest.words(report)).isEqualTo("VDEVICE_ALLOC, HWPT_ALLOC, " + ATTACH + " EINVAL, DESTROY");
        assertThat(guest.count(ObjectKind.VDEVICE)).isEqualTo(1);
        assertThat(guest.count(ObjectKind.HWPT_NESTED)).isEqualTo(2);
        guest.host().kernel().inject(FaultInjector.NONE);
        assertThat(guest.calls("map d0 iova=0 length=4KiB")).isEqualTo("HWPT_ALLOC, " + ATTACH);
    }

    @Test
    void entriesWrittenWhileTheSmmuIsOffAreInstalledWhenItIsOn() {
        TestGuest guest = guest().does("boot");

        GuestReport early = guest.report("map d0 iova=0 length=4KiB");
        assertThat(TestGuest.words(early)).isEqualTo("VDEVICE_ALLOC");
        assertThat(early.note()).contains("the SMMU is off");
        assertThat(guest.calls("enable-viommu")).isEqualTo("VEVENTQ_ALLOC, HWPT_ALLOC, " + ATTACH);
        assertThat(guest.report("map d0 iova=0 length=4KiB table=0x2000000").note())
                .doesNotContain("the SMMU is off");
    }

    @Test
    void theLastGbpaDecidesWhereDevicesGoWhenTheSmmuIsTurnedOff() {
        TestGuest guest = guest().does("boot", "enable-viommu gbpa=abort", "enable-viommu gbpa=bypass", "block d0");

        assertThat(guest.calls("disable-viommu"))
                .as("bypass, which replaced abort while the SMMU was on")
                .startsWith(ATTACH);
        assertThat(guest.calls("disable-viommu gbpa=bypass")).isEmpty();
    }

    @Test
    void turningTheSmmuOffClosesTheEventQueue() {
        TestGuest guest = guest().does("boot", "enable-viommu");
        assertThat(guest.count(ObjectKind.VEVENTQ)).isEqualTo(1);

        guest.does("disable-viommu");

        assertThat(guest.count(ObjectKind.VEVENTQ)).isZero();
    }

    @Test
    void aContextWhoseCommandFailedIsAnnouncedAgain() {
        TestGuest guest = guest("ssidsize=8").does("enable-viommu", "map d0 iova=0 length=4KiB");
        guest.host().kernel().inject((sequence, name) -> name.equals("HWPT_INVALIDATE") ? Errno.EIO : null);
        assertThat(guest.report("map d0 iova=0 length=4KiB pasid=3").ok()).isFalse();
        guest.host().kernel().inject(FaultInjector.NONE);

        assertThat(guest.calls("map d0 iova=0 length=4KiB pasid=3"))
                .as("CFGI_CD, as if the first try had not been")
                .isEqualTo("HWPT_INVALIDATE");
    }
}
