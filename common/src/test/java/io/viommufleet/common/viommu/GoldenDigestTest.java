package io.viommufleet.common.viommu;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;

/** Digests that were once written and must stay what they are: a certificate is re-derived years later. */
class GoldenDigestTest {
    private static final String GOLDEN = "/viommu/golden-digests.txt";

    private record Named(String name, TestVm vm) {}

    private static List<Named> configurations() {
        return List.of(
                new Named("none", TestVm.of("q35").device("d")),
                new Named("none-i440fx", TestVm.of("pc-i440fx-9.0").device("d")),
                new Named(
                        "intel-plain",
                        TestVm.of("pc-q35-9.1")
                                .viommu("intel-iommu", "caching-mode=on")
                                .device("d")),
                new Named("intel-fsts", intel("fsts=on", "aw-bits=48").device("d")),
                new Named(
                        "intel-pasid",
                        intel("fsts=on", "pasid-bits=20").device("d").device("e")),
                new Named(
                        "intel-bridge",
                        intel("fsts=on")
                                .bus("br", BusType.PCIE_TO_PCI_BRIDGE, "pcie.0")
                                .deviceOn("br", "d")),
                new Named(
                        "intel-bypass",
                        intel("fsts=on")
                                .bypassedExpander("p")
                                .deviceOn("p", "d")
                                .device("e")),
                new Named(
                        "smmuv3-accel",
                        TestVm.of("virt")
                                .viommu("arm-smmuv3", "accel=on", "ats=auto")
                                .device("d")),
                new Named(
                        "smmuv3-per-bus",
                        TestVm.virt()
                                .bus("a", BusType.PXB_PCIE, "pcie.0")
                                .bus("b", BusType.PXB_PCIE, "pcie.0")
                                .viommu("arm-smmuv3", "primary-bus=b", "accel=on", "ssidsize=20", "oas=48")
                                .viommu("arm-smmuv3", "primary-bus=a")
                                .deviceOn("a", "d")
                                .deviceOn("b", "e")),
                new Named(
                        "virtio",
                        TestVm.of("pc-q35-8.2")
                                .viommu("virtio-iommu-pci", "reserved-regions=0xfee00000:0xfeefffff:1")
                                .device("d")),
                new Named(
                        "amd", TestVm.q35().viommu("amd-iommu", "dma-remap=on").device("d")),
                new Named("riscv", TestVm.of("virt").viommu("riscv-iommu-sys").device("d")),
                new Named(
                        "mdev-legacy",
                        intel().device("m", DeviceKind.MDEV, DeviceBackend.LEGACY)
                                .device("p", DeviceKind.PLATFORM, DeviceBackend.IOMMUFD)));
    }

    private static TestVm intel(String... more) {
        List<String> properties = new ArrayList<>(List.of("caching-mode=on", "scalable-mode=on"));
        properties.addAll(List.of(more));
        return TestVm.of("pc-q35-10.0").viommu("intel-iommu", properties.toArray(String[]::new));
    }

    @Test
    void digestsStayWhatTheyWere() throws IOException {
        StringBuilder digests = new StringBuilder();
        for (Named one : configurations()) {
            for (RulesVersion version : RulesVersion.values()) {
                String digest = one.vm.decided(version).certificate().configDigest();
                digests.append("%s %s %s\n".formatted(one.name, version, digest));
            }
        }
        try (InputStream golden = Objects.requireNonNull(GoldenDigestTest.class.getResourceAsStream(GOLDEN))) {
            assertThat(digests.toString()).isEqualTo(new String(golden.readAllBytes(), StandardCharsets.UTF_8));
        }
    }

    /** The text under the digest, once in full: what is in it and what is not can be read here. */
    @Test
    void thePreimageIsThis() {
        VmConfiguration vm = TestVm.of("virt")
                .bus("a", BusType.PXB_PCIE, "pcie.0")
                .viommu("arm-smmuv3", "primary-bus=a", "accel=on")
                .deviceOn("a", "gpu0")
                .device("nic0", DeviceKind.PCI, DeviceBackend.LEGACY)
                .decided()
                .canonical();
        GuestTopology topology = new GuestTopology(vm, MachineFamily.VIRT);
        assertThat(Preimage.of(
                        RulesVersion.V1,
                        vm,
                        vm.devices().stream().map(topology::placeOf).toList()))
                .isEqualTo("""
                    viommu-fleet decision preimage 1
                    rules 1
                    machine virt-10.2
                    viommu arm-smmuv3
                      accel=on
                      ats=off
                      cmdqv=off
                      msi-gpa=0
                      oas=44
                      primary-bus=expander
                      ril=on
                      ssidsize=0
                      stage=1
                    device pci iommufd viommu=0 bypass=off aliased=off
                    device pci legacy viommu=none bypass=off aliased=off
                    """);
    }
}
