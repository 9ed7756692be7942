package io.viommufleet.common.viommu;

import static io.viommufleet.common.viommu.ViommuFlag.PASID_SUPPORTED;
import static io.viommufleet.common.viommu.ViommuFlag.WANT_NESTING_DIRTY_TRACKING;
import static io.viommufleet.common.viommu.ViommuFlag.WANT_NESTING_PARENT;
import static io.viommufleet.common.viommu.ViommuFlag.WANT_PASID_ATTACH;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/**
 * The conformance rows "vIOMMU model and configuration to flags", each by its number. Rows 34, 35 and 36 are about
 * values that a host resolves: at admission they are refused.
 */
class ConformanceTableTest {
    private static final String INTEL = "intel-iommu";
    private static final String SMMU = "arm-smmuv3";
    private static final Set<ViommuFlag> NONE = Set.of();
    private static final Set<ViommuFlag> NP = Set.of(WANT_NESTING_PARENT);
    private static final Set<ViommuFlag> PS = Set.of(PASID_SUPPORTED);
    private static final Set<ViommuFlag> NP_PS = Set.of(WANT_NESTING_PARENT, PASID_SUPPORTED);

    /** One case: the flags of the last device under version 1, and those that version 2 adds; or the broken rule. */
    private record Row(String name, TestVm vm, Set<ViommuFlag> flags, Set<ViommuFlag> added, String broken) {}

    private static Row valid(String name, TestVm vm, Set<ViommuFlag> flags, ViommuFlag... added) {
        return new Row(name, vm, flags, Set.of(added), "");
    }

    private static Row invalid(String name, TestVm vm, String rule) {
        return new Row(name, vm, NONE, NONE, rule);
    }

    private static TestVm intel(String... properties) {
        return TestVm.q35().viommu(INTEL, properties).device("gpu0");
    }

    private static TestVm smmu(String... properties) {
        return TestVm.virt().viommu(SMMU, properties).device("gpu0");
    }

    private static List<Row> intelRows() {
        String[] nested = {"caching-mode=on", "scalable-mode=on", "fsts=on", "aw-bits=48"};
        return List.of(
                valid("2 defaults", intel(), NONE),
                valid("3 caching mode", intel("caching-mode=on"), NONE),
                valid("4 scalable mode", intel("caching-mode=on", "scalable-mode=on", "fsts=off"), NONE),
                valid("5 fsts", intel(nested), NP, WANT_NESTING_DIRTY_TRACKING),
                valid(
                        "6 fsts without caching mode",
                        intel("scalable-mode=on", "fsts=on"),
                        NP,
                        WANT_NESTING_DIRTY_TRACKING),
                valid(
                        "7 fsts without 1 GiB pages",
                        intel("scalable-mode=on", "fsts=on", "fs1gp=off"),
                        NP,
                        WANT_NESTING_DIRTY_TRACKING),
                valid(
                        "8 fsts with 39 bits",
                        intel("scalable-mode=on", "fsts=on", "aw-bits=39"),
                        NP,
                        WANT_NESTING_DIRTY_TRACKING),
                invalid("9 fsts, no scalable mode", intel("fsts=on"), "fsts-needs-scalable-mode"),
                invalid("10 aw 57", intel("scalable-mode=on", "fsts=on", "aw-bits=57"), "aw-bits-39-or-48"),
                invalid("10 aw 52", intel("scalable-mode=on", "fsts=on", "aw-bits=52"), "aw-bits-39-or-48"),
                invalid("10 aw 64", intel("scalable-mode=on", "fsts=on", "aw-bits=64"), "aw-bits-39-or-48"),
                invalid("11 aw 40", intel("aw-bits=40"), "aw-bits-39-or-48"),
                valid("12 pasid without fsts", intel("scalable-mode=on", "pasid-bits=20"), PS),
                valid(
                        "13 fsts and pasid",
                        intel("scalable-mode=on", "fsts=on", "pasid-bits=20"),
                        NP_PS,
                        WANT_PASID_ATTACH,
                        WANT_NESTING_DIRTY_TRACKING),
                invalid("14 pasid, no scalable mode", intel("pasid-bits=20"), "pasid-needs-scalable-mode"),
                invalid("15 pasid 21", intel("scalable-mode=on", "pasid-bits=21"), "pasid-bits-at-most-20"),
                valid(
                        "16 svm",
                        intel("scalable-mode=on", "fsts=on", "pasid-bits=16", "svm=on", "device-iotlb=on"),
                        NP_PS,
                        WANT_PASID_ATTACH,
                        WANT_NESTING_DIRTY_TRACKING),
                invalid(
                        "17 svm, no device-iotlb",
                        intel("scalable-mode=on", "fsts=on", "pasid-bits=16", "svm=on"),
                        "svm-needs-device-iotlb"),
                invalid(
                        "17 svm, no pasid",
                        intel("scalable-mode=on", "fsts=on", "svm=on", "device-iotlb=on"),
                        "svm-needs-pasid"),
                invalid(
                        "17 svm, no fsts",
                        intel("scalable-mode=on", "pasid-bits=16", "svm=on", "device-iotlb=on"),
                        "svm-needs-fsts"),
                invalid(
                        "17 svm, no dma-translation",
                        intel(
                                "scalable-mode=on",
                                "fsts=on",
                                "pasid-bits=16",
                                "svm=on",
                                "device-iotlb=on",
                                "dma-translation=off"),
                        "svm-needs-dma-translation"),
                invalid("18 eim, no intremap", intel("eim=on", "intremap=off"), "eim-needs-intremap"),
                valid(
                        "19 pasid 0",
                        intel("scalable-mode=on", "fsts=on", "pasid-bits=0"),
                        NP,
                        WANT_NESTING_DIRTY_TRACKING),
                valid("20 pasid and device-iotlb", intel("scalable-mode=on", "pasid-bits=20", "device-iotlb=on"), PS),
                valid(
                        "21 bypassed root bus",
                        TestVm.q35().bypassed().viommu(INTEL, nested).device("gpu0"),
                        NONE),
                valid(
                        "22 behind a conventional bridge",
                        TestVm.q35()
                                .viommu(INTEL, nested)
                                .bus("br", BusType.PCIE_TO_PCI_BRIDGE, "pcie.0")
                                .deviceOn("br", "gpu0"),
                        NP,
                        WANT_NESTING_DIRTY_TRACKING));
    }

    private static List<Row> smmuRows() {
        return List.of(
                valid("23 defaults", smmu(), NONE),
                valid("24 stage nested, no accel", smmu("stage=nested"), NONE),
                invalid("25 ats=on, no accel", smmu("ats=on"), "ats-on-needs-accel"),
                invalid("25 ril=off, no accel", smmu("ril=off"), "ril-off-needs-accel"),
                invalid("25 oas=48, no accel", smmu("oas=48"), "oas-48-needs-accel"),
                invalid("25 ssidsize=1, no accel", smmu("ssidsize=1"), "ssidsize-needs-accel"),
                valid("26 autos, no accel", smmu("ats=auto", "ril=auto", "ssidsize=auto"), NONE),
                valid("27 accel", smmu("accel=on"), NP),
                valid("28 accel, stage 1", smmu("accel=on", "stage=1"), NP),
                invalid("29 accel, stage 2", smmu("accel=on", "stage=2"), "accel-needs-stage-1"),
                invalid("29 accel, stage nested", smmu("accel=on", "stage=nested"), "accel-needs-stage-1"),
                valid("30 accel, oas, ril, ats", smmu("accel=on", "oas=48", "ril=off", "ats=on"), NP),
                invalid("31 oas=auto", smmu("accel=on", "oas=auto"), "oas-44-or-48"),
                invalid("31 oas=52", smmu("accel=on", "oas=52"), "oas-44-or-48"),
                valid("32 ssidsize 20", smmu("accel=on", "ssidsize=20"), NP_PS),
                valid("33 ssidsize 0", smmu("accel=on", "ssidsize=0"), NP),
                invalid("34 and 35 ssidsize=auto", smmu("accel=on", "ssidsize=auto"), "undecidable-ssidsize"),
                invalid(
                        "36 auto without a device",
                        TestVm.virt().viommu(SMMU, "accel=on", "ats=auto"),
                        "auto-needs-device"),
                valid(
                        "37 device on an expander without vIOMMU",
                        TestVm.virt()
                                .bus("pxbA", BusType.PXB_PCIE, "pcie.0")
                                .bus("pxbB", BusType.PXB_PCIE, "pcie.0")
                                .viommu(SMMU, "primary-bus=pxbA", "accel=on")
                                .deviceOn("pxbB", "gpu0"),
                        NONE),
                valid("38 the accelerated one of two", twoSmmus().deviceOn("pxbA", "gpu0"), NP),
                valid("38 the other one of two", twoSmmus().deviceOn("pxbB", "gpu0"), NONE));
    }

    private static TestVm twoSmmus() {
        return TestVm.virt()
                .bus("pxbA", BusType.PXB_PCIE, "pcie.0")
                .bus("pxbB", BusType.PXB_PCIE, "pcie.0")
                .viommu(SMMU, "primary-bus=pxbA", "accel=on")
                .viommu(SMMU, "primary-bus=pxbB", "accel=off");
    }

    private static List<Row> otherRows() {
        return List.of(
                valid("1 no vIOMMU", TestVm.q35().device("gpu0"), NONE),
                valid(
                        "39 virtio",
                        TestVm.q35()
                                .viommu("virtio-iommu-pci", "aw-bits=32", "granule=64k", "boot-bypass=off")
                                .device("gpu0"),
                        NONE),
                valid(
                        "39 virtio, 64 bits",
                        TestVm.virt().viommu("virtio-iommu-pci", "aw-bits=64").device("gpu0"),
                        NONE),
                invalid(
                        "40 aw 31",
                        TestVm.q35().viommu("virtio-iommu-pci", "aw-bits=31").device("d"),
                        "aw-bits-32-to-64"),
                invalid(
                        "40 aw 65",
                        TestVm.q35().viommu("virtio-iommu-pci", "aw-bits=65").device("d"),
                        "aw-bits-32-to-64"),
                valid(
                        "41 amd",
                        TestVm.q35()
                                .viommu("amd-iommu", "dma-remap=on", "xtsup=on")
                                .device("gpu0"),
                        NONE),
                valid("41 amd, dma-remap off", TestVm.q35().viommu("amd-iommu").device("gpu0"), NONE),
                valid("43 riscv", TestVm.of("virt").viommu("riscv-iommu-pci").device("gpu0"), NONE),
                valid(
                        "43 riscv-sys",
                        TestVm.of("virt").viommu("riscv-iommu-sys", "ats=off").device("gpu0"),
                        NONE),
                valid("44 s390", TestVm.of("s390-ccw-virtio").device("gpu0"), NONE),
                valid(
                        "45 mdev",
                        TestVm.q35()
                                .viommu(INTEL, "scalable-mode=on", "fsts=on", "pasid-bits=20")
                                .device("vgpu", DeviceKind.MDEV, DeviceBackend.IOMMUFD),
                        NONE),
                valid(
                        "46 platform device",
                        TestVm.virt()
                                .viommu(SMMU, "accel=on")
                                .device("xgmac", DeviceKind.PLATFORM, DeviceBackend.IOMMUFD),
                        NONE));
    }

    @TestFactory
    List<DynamicTest> everyRowHolds() {
        List<Row> rows = new ArrayList<>(intelRows());
        rows.addAll(smmuRows());
        rows.addAll(otherRows());
        return rows.stream()
                .map(row -> DynamicTest.dynamicTest("row " + row.name, () -> check(row)))
                .toList();
    }

    private static void check(Row row) {
        if (!row.broken.isEmpty()) {
            assertThat(row.vm.brokenRules()).containsExactly(row.broken);
            return;
        }
        assertThat(row.vm.decided(RulesVersion.V1).devices().getLast().flags()).isEqualTo(row.flags);
        EnumSet<ViommuFlag> underV2 = EnumSet.noneOf(ViommuFlag.class);
        underV2.addAll(row.flags);
        underV2.addAll(row.added);
        assertThat(row.vm.decided(RulesVersion.V2).devices().getLast().flags()).isEqualTo(underV2);
    }

    @Test
    void row40UnsupportedGranuleIsNoValue() {
        assertThat(TestVm.parse(0, "virtio-iommu-pci", "granule=2k").errors())
                .containsExactly(new ConfigurationError(
                        "viommus[0].granule",
                        "2k",
                        "bad-value",
                        "granule=2k is not allowed: write 4k, 8k, 16k, 64k, host"));
    }

    @Test
    void row42ApicIdsAbove254WithoutXtsupAreForNoHostWithKvm() {
        Decision.Decided decided = TestVm.q35()
                .machine(false, KernelIrqchip.SPLIT, 255)
                .viommu("amd-iommu", "dma-remap=on")
                .device("gpu0")
                .decided();
        assertThat(decided.devices().getFirst().flags()).isEmpty();
        assertThat(decided.hostRequirements())
                .singleElement()
                .isInstanceOf(HostRequirement.NotUnderKvm.class)
                .extracting(HostRequirement::rule, HostRequirement::property)
                .containsExactly("apic-ids-need-xtsup", "viommus[0].xtsup");
    }

    @Test
    void saysWhichFieldsAnAnswerFollowedFrom() {
        assertThat(intel("scalable-mode=on", "x-flts=on")
                        .decided()
                        .devices()
                        .getFirst()
                        .followsFrom())
                .containsExactly(
                        new ConfigurationField("viommus[0].fsts", "on"),
                        new ConfigurationField("viommus[0].pasid-bits", "0"));
        assertThat(smmu().decided().devices().getFirst().followsFrom())
                .containsExactly(new ConfigurationField("viommus[0].accel", "off"));
        assertThat(intel().bypassed().decided().devices().getFirst().followsFrom())
                .containsExactly(new ConfigurationField("machine.default-bus-bypass-iommu", "on"));
        assertThat(TestVm.q35().device("d").decided().devices().getFirst().followsFrom())
                .containsExactly(new ConfigurationField("viommus", "none"));
    }
}
