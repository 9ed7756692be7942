package io.viommufleet.common.viommu;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.reflect.RecordComponent;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** What the digest depends on: all that the rules can read, and nothing else. */
class DigestTest {
    private static final long SEED = Long.getLong("seed", 772415L);
    private static final int RUNS = 500;

    private static Decision.Decided decided(VmConfiguration vm, RulesVersion version) {
        return switch (Decision.decide(vm, version)) {
            case Decision.Decided decided -> decided;
            case Decision.Refused refused -> throw new AssertionError(refused.errors() + " in " + vm);
        };
    }

    private static String digest(VmConfiguration vm) {
        return decided(vm, RulesVersion.V1).certificate().configDigest();
    }

    private static String digest(TestVm vm) {
        return digest(vm.build());
    }

    @Test
    void otherWordsForTheSameConfigurationChangeNothing() {
        System.out.println("seed " + SEED);
        RandomVms random = new RandomVms(SEED);
        Set<String> digests = new HashSet<>();
        for (int run = 0; run < RUNS; run++) {
            VmConfiguration vm = random.next();
            VmConfiguration rewritten = random.rewritten(vm);
            digests.add(digest(vm));
            assertThat(digest(rewritten))
                    .as("seed %s run %s: %s", SEED, run, vm)
                    .isEqualTo(digest(vm));
        }
        assertThat(digests).hasSizeGreaterThan(RUNS / 5);
    }

    @Test
    void theCanonicalConfigurationGivesAnEqualDecision() {
        System.out.println("seed " + SEED);
        RandomVms random = new RandomVms(SEED);
        for (int run = 0; run < RUNS; run++) {
            VmConfiguration vm = random.next();
            for (RulesVersion version : RulesVersion.values()) {
                Decision.Decided decided = decided(vm, version);
                assertThat(decided(decided.canonical(), version))
                        .as("seed %s run %s: %s", SEED, run, vm)
                        .isEqualTo(decided);
            }
        }
    }

    @Test
    void version2AddsTwoFlagsToIntelAndChangesNothingElse() {
        System.out.println("seed " + SEED);
        RandomVms random = new RandomVms(SEED);
        for (int run = 0; run < RUNS; run++) {
            VmConfiguration vm = random.next();
            Decision.Decided first = decided(vm, RulesVersion.V1);
            Decision.Decided second = decided(vm, RulesVersion.V2);
            for (int i = 0; i < first.devices().size(); i++) {
                DeviceDecision device = first.devices().get(i);
                EnumSet<ViommuFlag> expected = EnumSet.noneOf(ViommuFlag.class);
                expected.addAll(device.flags());
                boolean intel = first.canonical().viommus().stream().anyMatch(IntelIommu.class::isInstance);
                if (intel && device.nestingParent()) {
                    expected.add(ViommuFlag.WANT_NESTING_DIRTY_TRACKING);
                    if (device.flags().contains(ViommuFlag.PASID_SUPPORTED)) {
                        expected.add(ViommuFlag.WANT_PASID_ATTACH);
                    }
                }
                assertThat(second.devices().get(i).flags())
                        .as("seed %s run %s: %s", SEED, run, vm)
                        .isEqualTo(expected);
            }
            assertThat(second.canonical()).isEqualTo(first.canonical());
            assertThat(second.doomed()).isEqualTo(first.doomed());
            assertThat(second.certificate().configDigest())
                    .isNotEqualTo(first.certificate().configDigest());
        }
    }

    @Test
    void everyPropertyOfEveryModelMatters() {
        for (ViommuModel model : ViommuModel.values()) {
            PropertyTable<?> table = model.table();
            long fields = Arrays.stream(typeOf(model).getRecordComponents())
                    .filter(component -> component.getType() == Optional.class)
                    .count();
            assertThat(table.properties()).as("fields of %s", model).hasSize((int) fields);
            String before = Preimage.of(filled(model, ViommuSamples.base(model)));
            for (PropertyDefinition<?, ?> property : table.properties()) {
                List<Property> changed = new ArrayList<>(ViommuSamples.base(model));
                changed.removeIf(one -> one.name().equals(property.name()));
                changed.add(ViommuSamples.of(model, property.name()));
                assertThat(Preimage.of(filled(model, changed)))
                        .as("%s of %s", property.name(), model)
                        .isNotEqualTo(before);
            }
        }
    }

    private static Class<? extends Viommu> typeOf(ViommuModel model) {
        return filled(model, List.of()).getClass();
    }

    private static Viommu filled(ViommuModel model, List<Property> properties) {
        MachineType machine = MachineType.parse("pc-q35-10.2").orElseThrow();
        return Viommu.parse(0, model.toString(), properties)
                .viommu()
                .orElseThrow()
                .withDefaults(MachineDefaultRules.upTo10_2(machine));
    }

    /** Each field of the configuration with a change of it; a field that is not here fails {@link #noFieldIsForgotten}. */
    private static Map<String, TestVm> changesThatMatter() {
        Map<String, TestVm> changes = new LinkedHashMap<>();
        changes.put("VmConfiguration.machine", rich("pc-q35-9.2"));
        changes.put("Machine.type", rich("pc-q35-9.2"));
        changes.put("Machine.defaultBusBypassIommu", rich("pc-q35-10.0").bypassed());
        changes.put("VmConfiguration.viommus", rich("pc-q35-10.0", "fsts=off", BusType.PCIE_ROOT_PORT));
        changes.put("VmConfiguration.buses", rich("pc-q35-10.0", "fsts=on", BusType.PCIE_TO_PCI_BRIDGE));
        changes.put("Bus.type", rich("pc-q35-10.0", "fsts=on", BusType.PCIE_TO_PCI_BRIDGE));
        changes.put("VmConfiguration.devices", rich("pc-q35-10.0").device("another"));
        changes.put("GuestDevice.kind", base().device("gpu0", DeviceKind.MDEV, DeviceBackend.IOMMUFD));
        changes.put("GuestDevice.backend", base().device("gpu0", DeviceKind.PCI, DeviceBackend.LEGACY));
        changes.put(
                "GuestDevice.bus",
                base().bus("br", BusType.PCIE_TO_PCI_BRIDGE, "pcie.0").deviceOn("br", "gpu0"));
        return changes;
    }

    /** Fields that decide only through what they mean to a device (tested below), or that no decision may depend on. */
    private static final Set<String> MATTER_THROUGH_THE_TOPOLOGY =
            Set.of("Bus.parent", "Bus.bypassIommu", "Bus.slot", "GuestDevice.slot");

    private static final Set<String> EXCLUDED = Set.of(
            "VmConfiguration.emulatedEndpoints",
            "EmulatedEndpoint.id",
            "EmulatedEndpoint.bus",
            "Machine.kernelIrqchip",
            "Machine.highestApicId",
            "Bus.id",
            "GuestDevice.id");

    private static TestVm base() {
        return TestVm.q35().viommu("intel-iommu", "scalable-mode=on", "fsts=on");
    }

    private static TestVm rich(String machine) {
        return rich(machine, "fsts=on", BusType.PCIE_ROOT_PORT);
    }

    private static TestVm rich(String machine, String fsts, BusType bus) {
        return TestVm.of(machine)
                .viommu("intel-iommu", "scalable-mode=on", fsts)
                .bus("b", bus, "pcie.0")
                .deviceOn("b", "gpu0");
    }

    @Test
    void changingAFieldThatMattersChangesTheDigest() {
        assertThat(digest(base().device("gpu0"))).isEqualTo(digest(rich("pc-q35-10.0")));
        changesThatMatter()
                .forEach((field, changed) ->
                        assertThat(digest(changed)).as(field).isNotEqualTo(digest(rich("pc-q35-10.0"))));
    }

    @Test
    void noFieldIsForgotten() {
        Set<String> known = new HashSet<>(changesThatMatter().keySet());
        known.addAll(MATTER_THROUGH_THE_TOPOLOGY);
        known.addAll(EXCLUDED);
        Set<String> fields = new HashSet<>();
        for (Class<?> type :
                List.of(VmConfiguration.class, Machine.class, Bus.class, GuestDevice.class, EmulatedEndpoint.class)) {
            for (RecordComponent component : type.getRecordComponents()) {
                fields.add(type.getSimpleName() + "." + component.getName());
            }
        }
        assertThat(known).isEqualTo(fields);
    }

    @Test
    void whatIsExcludedChangesNothing() {
        String digest = digest(base().device("gpu0"));
        assertThat(digest(base().device("renamed").endpoint("net0", "pcie.0"))).isEqualTo(digest);
        assertThat(digest(base().machine(false, KernelIrqchip.SPLIT, 500).device("gpu0")))
                .isEqualTo(digest);
    }

    @Test
    void busesMatterThroughWhatTheyMeanToADevice() {
        TestVm plain = base().bus("pxb", BusType.PXB_PCIE, "pcie.0").deviceOn("pxb", "gpu0");
        assertThat(digest(plain)).isEqualTo(digest(base().device("gpu0")));
        assertThat(digest(base().bypassedExpander("pxb").deviceOn("pxb", "gpu0")))
                .isNotEqualTo(digest(plain));
        assertThat(digest(base().bus("br", BusType.PCIE_TO_PCI_BRIDGE, "pcie.0")
                        .bus("br2", BusType.PCI_BRIDGE, "br")
                        .deviceOn("br2", "gpu0")))
                .isNotEqualTo(digest(plain));
    }

    @Test
    void namesDoNotOrderViommusThatGovernNothing() {
        assertThat(digest(accelOn("a").device("d")))
                .isEqualTo(digest(accelOn("b").device("d")));
    }

    private static TestVm accelOn(String bus) {
        return TestVm.virt()
                .bus("a", BusType.PXB_PCIE, "pcie.0")
                .bus("b", BusType.PXB_PCIE, "pcie.0")
                .viommu("arm-smmuv3", "primary-bus=" + bus, "accel=on")
                .viommu("arm-smmuv3", "primary-bus=" + (bus.equals("a") ? "b" : "a"));
    }

    @Test
    void slotsMatterThroughTheOrderOfDevices() {
        TestVm first = mdevAt("1", "2");
        assertThat(digest(mdevAt("3", "4"))).isEqualTo(digest(first));
        assertThat(digest(mdevAt("2", "1"))).isNotEqualTo(digest(first));
    }

    private static TestVm mdevAt(String mdevPort, String pciPort) {
        return base().device("vgpu", DeviceKind.MDEV, DeviceBackend.IOMMUFD)
                .bus("m", BusType.PCIE_ROOT_PORT, "pcie.0", mdevPort)
                .bus("p", BusType.PCIE_ROOT_PORT, "pcie.0", pciPort)
                .deviceOn("m", "first")
                .device("legacy", DeviceKind.PCI, DeviceBackend.LEGACY)
                .deviceOn("p", "second")
                .endpoint("e", "m")
                .withBackend("first", DeviceBackend.LEGACY);
    }

    @Test
    void aliasOrVersionAndDefaultOrExplicitAreOne() {
        assertThat(digest(TestVm.of("q35").viommu("intel-iommu").device("d")))
                .isEqualTo(digest(TestVm.of("pc-q35-10.2")
                        .viommu("intel-iommu", "aw-bits=48", "pt=on")
                        .device("d")));
        assertThat(digest(TestVm.of("pc-q35-9.1").viommu("intel-iommu").device("d")))
                .isEqualTo(digest(TestVm.of("pc-q35-9.1")
                        .viommu("intel-iommu", "aw-bits=39")
                        .device("d")));
        assertThat(digest(TestVm.of("virt").viommu("virtio-iommu").device("d")))
                .isEqualTo(digest(TestVm.of("virt-10.2")
                        .viommu("virtio", "granule=host", "aw-bits=48", "primary-bus=pcie.0")
                        .device("d")));
        assertThat(digest(TestVm.of("virt-8.2").viommu("virtio-iommu").device("d")))
                .isEqualTo(digest(TestVm.of("virt-8.2")
                        .viommu("virtio", "granule=4k", "aw-bits=64")
                        .device("d")));
    }

    @Test
    void theLocaleChangesNothing() {
        Locale before = Locale.getDefault();
        VmConfiguration vm = TestVm.q35()
                .viommu("virtio-iommu", "reserved-regions=0xfee00000:0xfeefffff:1")
                .deviceOn("pcie.0", "12.3", "d")
                .build();
        Decision.Decided expected = decided(vm, RulesVersion.V1);
        try {
            Locale.setDefault(Locale.forLanguageTag("ar-EG-u-nu-arab"));
            assertThat("%d".formatted(1)).isNotEqualTo("1");
            assertThat(decided(vm, RulesVersion.V1)).isEqualTo(expected);
        } finally {
            Locale.setDefault(before);
        }
    }
}
