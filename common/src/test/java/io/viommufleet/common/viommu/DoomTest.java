package io.viommufleet.common.viommu;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Comparator;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The eight rules that doom a device, and that nothing else does. */
class DoomTest {
    private static final String[] NESTED = {"caching-mode=on", "scalable-mode=on", "fsts=on"};

    private static List<String> dooms(TestVm vm) {
        return vm.decided().doomed().stream()
                .map(doom -> doom.device() + " " + doom.rule())
                .toList();
    }

    @Test
    void cachingModeOff() {
        assertThat(dooms(TestVm.q35().viommu("intel-iommu").device("gpu0"))).containsExactly("gpu0 caching-mode-off");
    }

    @Test
    void snoopControlWithVfio() {
        assertThat(dooms(TestVm.q35()
                        .viommu("intel-iommu", "caching-mode=on", "snoop-control=on")
                        .device("gpu0")))
                .containsExactly("gpu0 snoop-control-with-vfio");
    }

    @Test
    void aliasedUnderFsts() {
        assertThat(dooms(behindBridge("fsts=on"))).containsExactly("gpu0 aliased-under-fsts");
        assertThat(dooms(behindBridge("fsts=off"))).isEmpty();
    }

    private static TestVm behindBridge(String fsts) {
        return TestVm.q35()
                .viommu("intel-iommu", "caching-mode=on", "scalable-mode=on", fsts)
                .bus("br", BusType.PCIE_TO_PCI_BRIDGE, "pcie.0")
                .bus("br2", BusType.PCI_BRIDGE, "br")
                .deviceOn("br2", "gpu0");
    }

    @Test
    void fstsNeedsIommufd() {
        assertThat(dooms(TestVm.q35()
                        .viommu("intel-iommu", NESTED)
                        .device("gpu0", DeviceKind.PCI, DeviceBackend.LEGACY)
                        .device("gpu1")))
                .containsExactly("gpu0 fsts-needs-iommufd");
    }

    @Test
    void smmuv3WithoutAccel() {
        assertThat(dooms(TestVm.virt().viommu("smmuv3").device("gpu0"))).containsExactly("gpu0 smmuv3-without-accel");
    }

    @Test
    void accelNeedsIommufd() {
        assertThat(dooms(TestVm.virt()
                        .viommu("smmuv3", "accel=on")
                        .device("gpu0", DeviceKind.PCI, DeviceBackend.LEGACY)))
                .containsExactly("gpu0 accel-needs-iommufd");
    }

    @Test
    void accelEmulatedEndpoint() {
        TestVm vm = TestVm.virt()
                .bus("pxb", BusType.PXB_PCIE, "pcie.0")
                .viommu("arm-smmuv3", "primary-bus=pxb", "accel=on")
                .deviceOn("pxb", "gpu0")
                .endpoint("net0", "pcie.0");
        assertThat(dooms(vm)).isEmpty();
        assertThat(vm.endpoint("net1", "pxb").decided().doomed())
                .singleElement()
                .satisfies(doom -> assertThat(doom.rule()).isEqualTo("accel-emulated-endpoint"))
                .satisfies(doom -> assertThat(doom.message()).endsWith(": net1"));
    }

    @Test
    void amdWithoutDmaRemap() {
        assertThat(dooms(TestVm.q35().viommu("amd-iommu").device("gpu0")))
                .containsExactly("gpu0 amd-without-dma-remap");
        assertThat(dooms(TestVm.q35().viommu("amd-iommu", "dma-remap=on").device("gpu0")))
                .isEmpty();
    }

    @Test
    void onlyPciDevicesThatAViommuGovernsAreDoomed() {
        assertThat(dooms(TestVm.q35().viommu("intel-iommu").device("vgpu", DeviceKind.MDEV, DeviceBackend.IOMMUFD)))
                .isEmpty();
        assertThat(dooms(TestVm.virt().viommu("smmuv3").device("p", DeviceKind.PLATFORM, DeviceBackend.LEGACY)))
                .isEmpty();
        assertThat(dooms(TestVm.q35().bypassed().viommu("intel-iommu").device("gpu0")))
                .isEmpty();
        assertThat(dooms(TestVm.q35().viommu("virtio-iommu").device("gpu0"))).isEmpty();
        assertThat(dooms(TestVm.of("virt").viommu("riscv-iommu-pci").device("gpu0")))
                .isEmpty();
    }

    @Test
    void theRulesAreTheseEight() {
        assertThat(DoomRule.OF_V1.stream().map(DoomRule::name).sorted(Comparator.naturalOrder()))
                .containsExactly(
                        "accel-emulated-endpoint",
                        "accel-needs-iommufd",
                        "aliased-under-fsts",
                        "amd-without-dma-remap",
                        "caching-mode-off",
                        "fsts-needs-iommufd",
                        "smmuv3-without-accel",
                        "snoop-control-with-vfio");
    }

    @Test
    void whatTheFirstAttachResolvesIsExposed() {
        assertThat(TestVm.virt()
                        .viommu("smmuv3", "accel=on", "ril=auto", "ats=auto")
                        .device("d")
                        .decided()
                        .hostResolved())
                .containsExactly(
                        new HostResolvedProperty(0, "ril", "auto"), new HostResolvedProperty(0, "ats", "auto"));
        assertThat(TestVm.q35().viommu("virtio").device("d").decided().hostResolved())
                .containsExactly(new HostResolvedProperty(0, "granule", "host"));
        assertThat(TestVm.of("pc-q35-8.2")
                        .viommu("virtio")
                        .device("d")
                        .decided()
                        .hostResolved())
                .isEmpty();
    }
}
