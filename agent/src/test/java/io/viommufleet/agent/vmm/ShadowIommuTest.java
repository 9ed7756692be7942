package io.viommufleet.agent.vmm;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** What a guest does with a vIOMMU that the VMM shadows in an IOAS. */
class ShadowIommuTest {
    private static TestGuest intel() {
        return TestGuest.of(TestHost.vtd(), TestVm.intel().device());
    }

    private static TestGuest virtio(String... properties) {
        return TestGuest.of(
                TestHost.vtd(),
                TestVm.q35().viommu("virtio-iommu-pci", properties).device());
    }

    @Test
    void enablingVtdTakesMemoryAwayUntilTheGuestMapsIt() {
        TestGuest guest = intel();
        int sections = guest.areas();

        assertThat(guest.calls("enable-viommu")).isEqualTo("IOAS_UNMAP x" + sections);
        assertThat(guest.areas()).isZero();
        assertThat(guest.calls("map d0 iova=0x1000 length=8KiB to=0x200000")).isEqualTo("IOAS_MAP x2");
        assertThat(guest.calls("map d0 iova=0x40000000 length=1GiB to=0x40000000"))
                .as("one leaf")
                .isEqualTo("IOAS_MAP");
        assertThat(guest.calls("unmap d0 iova=0x1000 length=4KiB")).isEqualTo("IOAS_UNMAP");
        assertThat(guest.areas()).isEqualTo(2);
        assertThat(guest.calls("disable-viommu")).isEqualTo("IOAS_UNMAP x2, IOAS_MAP x" + sections);
        guest.leaves();
    }

    @Test
    void bypassMapsMemoryAndBlockUnmapsEverything() {
        TestGuest guest = intel();
        int sections = guest.areas();
        guest.does("enable-viommu", "map d0 iova=0 length=2MiB");

        assertThat(guest.calls("bypass d0")).isEqualTo("IOAS_UNMAP, IOAS_MAP x" + sections);
        assertThat(guest.calls("block d0")).isEqualTo("IOAS_UNMAP x" + sections);
        assertThat(guest.calls("invalidate d0")).isEmpty();
    }

    @Test
    void virtioMapsByPowersOfTwoOnceTheDeviceIsInADomain() {
        TestGuest guest = virtio();
        int sections = guest.areas();

        assertThat(guest.calls("enable-viommu")).as("boot-bypass goes on").isEmpty();
        assertThat(guest.calls("map d0 iova=0x1000 length=28KiB to=0x100000"))
                .as("4, 8 and 16 KiB")
                .isEqualTo("IOAS_UNMAP x%d, IOAS_MAP x3".formatted(sections));
        assertThat(guest.report("invalidate d0").failure().orElseThrow().reason())
                .contains("no invalidations");
        assertThat(guest.report("unmap d0 iova=0x2000 length=4KiB")
                        .failure()
                        .orElseThrow()
                        .reason())
                .contains("cuts the mapping");
        guest.leaves();
    }

    @Test
    void withoutBootBypassNothingIsMappedBeforeTheGuestMaps() {
        TestGuest guest = virtio("boot-bypass=off");

        assertThat(guest.areas()).isZero();
        guest.does("enable-viommu", "map d0 iova=0 length=4KiB");
        assertThat(guest.areas()).isEqualTo(1);
        guest.does("disable-viommu");
        assertThat(guest.areas()).isZero();
    }

    @Test
    void amdRemapsOnlyDevicesThatHaveATable() {
        TestGuest guest = TestGuest.of(
                TestHost.amd(), TestVm.q35().viommu("amd-iommu", "dma-remap=on").device());

        assertThat(guest.calls("enable-viommu")).isEmpty();
        assertThat(guest.calls("map d0 iova=0 length=2MiB")).endsWith("IOAS_MAP");
        guest.leaves();
    }

    @Test
    void aGuestThatMapsWhatItDoesNotHaveIsRefusedAndChangesNothing() {
        TestGuest guest = intel().does("enable-viommu", "map d0 iova=0 length=4KiB");
        HostSnapshot before = guest.host().snapshot();

        assertThat(guest.report("map d0 iova=0x10000 length=8KiB to=0xfffffffff000")
                        .failure()
                        .orElseThrow()
                        .reason())
                .isEqualTo("the guest has no memory at 0xfffffffff000 to 0xffffffffffff");
        assertThat(guest.report("map d0 iova=0 length=4KiB")
                        .failure()
                        .orElseThrow()
                        .reason())
                .isEqualTo("0x0 is mapped already");
        assertThat(guest.report("map d0 iova=0x1000 length=4KiB pasid=1")
                        .failure()
                        .orElseThrow()
                        .reason())
                .contains("translates no PASIDs");
        assertThat(TestGuest.words(guest.report("map d0 iova=0x20800 length=4KiB")))
                .as("the kernel refuses what is not aligned")
                .isEqualTo("IOAS_MAP EINVAL");
        assertThat(guest.host().snapshot()).isEqualTo(before);
    }

    @Test
    void resetLeavesTheStateAfterTheAttach() {
        TestGuest guest = intel();
        HostSnapshot attached = guest.host().snapshot();

        guest.does("enable-viommu", "map d0 iova=0 length=1MiB", "reset");
        assertThat(guest.host().snapshot()).isEqualTo(attached);
    }

    @Test
    void aDeviceWithoutViommuHasNothingToDrive() {
        TestGuest guest = TestGuest.of(TestHost.vtd(), TestVm.q35().device());

        assertThat(guest.report("enable-viommu").note()).contains("no vIOMMU");
        assertThat(guest.report("map d0 iova=0 length=4KiB")
                        .failure()
                        .orElseThrow()
                        .reason())
                .isEqualTo("device d0 has no vIOMMU that drives it through iommufd");
        assertThat(guest.report("block d7").failure().orElseThrow().reason()).isEqualTo("device d7 is not attached");
    }
}
