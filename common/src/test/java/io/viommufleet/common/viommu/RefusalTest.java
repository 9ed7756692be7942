package io.viommufleet.common.viommu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Every error names the field, its value and the rule. */
class RefusalTest {
    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
        intel-iommu | eim=on intremap=off                       | eim          | on     | eim-needs-intremap
        intel-iommu | x-flts=on                                 | fsts         | on     | fsts-needs-scalable-mode
        intel-iommu | aw-bits=40                                | aw-bits      | 40     | aw-bits-39-or-48
        intel-iommu | scalable-mode=on fsts=on aw-bits=0x39     | aw-bits      | 57     | aw-bits-39-or-48
        intel-iommu | pasid=8                                   | pasid-bits   | 8      | pasid-needs-scalable-mode
        intel-iommu | pasid=21 scalable-mode=on                 | pasid-bits   | 21     | pasid-bits-at-most-20
        arm-smmuv3  | oas=auto                                  | oas          | auto   | oas-44-or-48
        arm-smmuv3  | accel=on oas=52                           | oas          | 52     | oas-44-or-48
        arm-smmuv3  | ril=off                                   | ril          | off    | ril-off-needs-accel
        arm-smmuv3  | ats=on                                    | ats          | on     | ats-on-needs-accel
        arm-smmuv3  | oas=48                                    | oas          | 48     | oas-48-needs-accel
        arm-smmuv3  | ssidsize=1                                | ssidsize     | 1      | ssidsize-needs-accel
        arm-smmuv3  | accel=on stage=2                          | stage        | 2      | accel-needs-stage-1
        arm-smmuv3  | accel=on ssidsize=auto                    | ssidsize     | auto   | undecidable-ssidsize
        arm-smmuv3  | accel=on primary-bus=pcie.0 ril=auto      | ril          | auto   | auto-needs-device
        arm-smmuv3  | primary-bus=pcie.1                        | primary-bus  | pcie.1 | unknown-bus
        amd-iommu   | id=a | model        | amd-iommu       | wrong-machine
        riscv-iommu-pci | id=a | model        | riscv-iommu-pci | wrong-machine
        """)
    void namesPropertyValueAndRule(String model, String properties, String property, String value, String rule) {
        TestVm vm = TestVm.of(model.startsWith("arm") || model.startsWith("amd") ? "virt" : "q35");
        vm.viommu(model, properties.split(" "));
        assertThat(vm.decide(RulesVersion.V1).errors())
                .singleElement()
                .extracting(ConfigurationError::property, ConfigurationError::value, ConfigurationError::rule)
                .containsExactly("viommus[0]." + property, value, rule);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
        intel-iommu      | scalable-mod=on       | scalable-mod | unknown-property | unknown property scalable-mod: did you mean scalable-mode?
        intel-iommu      | dma-drain=on          | dma-drain    | retired-property | dma-drain was removed from QEMU and has no effect on the vIOMMU any more: leave it out
        intel-iommu      | fsts=maybe            | fsts         | bad-value        | fsts=maybe is not allowed: write on (yes, true) or off (no, false)
        intel-iommu      | pasid=on              | pasid-bits   | bad-value        | pasid=on is not allowed: write 0 to 255 bits (on was a boolean's value and names no width)
        intel-iommu      | aw-bits=048           | aw-bits      | bad-value        | aw-bits=048 is not allowed: write 0 to 255
        arm-smmuv3       | ssidsize=21           | ssidsize     | bad-value        | ssidsize=21 is not allowed: write auto, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20
        intel-iommu      | x-flts=on fsts=off    | fsts         | given-twice      | x-flts=on and fsts=off contradict each other: keep one
        intel-iommu      | fsts=on fsts=off      | fsts         | given-twice      | fsts=on and fsts=off contradict each other: keep one
        intel-iommoo     | id=a                  | model        | unknown-model    | unknown vIOMMU model intel-iommoo: did you mean intel-iommu?
        """)
    void whatCannotBeReadIsAnError(String model, String properties, String property, String rule, String message) {
        assertThat(TestVm.parse(3, model, properties.split(" ")).errors())
                .singleElement()
                .extracting(ConfigurationError::property, ConfigurationError::rule, ConfigurationError::message)
                .containsExactly("viommus[3]." + property, rule, message);
    }

    @Test
    void aModelThatTheHostChoosesIsRefusedWithTheExplicitOnes() {
        ConfigurationError error = TestVm.parse(0, "auto").errors().getFirst();
        assertThat(error.rule()).isEqualTo("undecidable-model");
        assertThat(error.message()).contains("intel-iommu", "arm-smmuv3", "virtio-iommu-pci", "none");
        assertThat(TestVm.parse(0, "none")).isEqualTo(new ParsedViommu(Optional.empty(), List.of()));
    }

    @Test
    void onePropertyTwiceWithOneMeaningIsOneProperty() {
        assertThat(TestVm.parse(0, "intel-iommu", "x-flts=on", "fsts=yes", "flts=true"))
                .isEqualTo(TestVm.parse(0, "intel-iommu", "fsts=on"));
        assertThat(TestVm.parse(0, "intel-iommu", "pasid=off"))
                .isEqualTo(TestVm.parse(0, "intel-iommu", "pasid-bits=0"));
    }

    @Test
    void eimWorksUnlessInterruptsAreCertainNotToBeRemapped() {
        assertThat(TestVm.q35().viommu("intel-iommu", "eim=on").brokenRules()).isEmpty();
        assertThat(TestVm.q35()
                        .machine(false, KernelIrqchip.ON, 3)
                        .viommu("intel-iommu", "eim=on")
                        .brokenRules())
                .containsExactly("eim-needs-intremap");
        assertThat(TestVm.q35()
                        .machine(false, KernelIrqchip.SPLIT, 3)
                        .viommu("intel-iommu", "eim=on", "intremap=on")
                        .decided()
                        .hostRequirements())
                .singleElement()
                .isInstanceOf(HostRequirement.KvmX2apicApi.class);
    }

    @Test
    void aMachineHasOneViommuOrOnePerRootBus() {
        assertThat(TestVm.q35().viommu("intel-iommu").viommu("virtio-iommu-pci").brokenRules())
                .containsExactly("one-viommu-per-machine");
        assertThat(TestVm.virt()
                        .viommu("arm-smmuv3")
                        .viommu("arm-smmuv3", "primary-bus=pcie.0")
                        .brokenRules())
                .containsExactly("one-viommu-per-machine");
        assertThat(TestVm.virt()
                        .viommu("arm-smmuv3", "primary-bus=pcie.0")
                        .viommu("arm-smmuv3", "primary-bus=pcie.0")
                        .brokenRules())
                .containsExactly("one-viommu-per-bus");
    }

    @Test
    void aPrimaryBusIsARootBus() {
        assertThat(TestVm.virt()
                        .bus("rp", BusType.PCIE_ROOT_PORT, "pcie.0")
                        .viommu("arm-smmuv3", "primary-bus=rp")
                        .brokenRules())
                .containsExactly("primary-bus-is-root");
    }

    @Test
    void theTopologyIsATreeWithOneThingPerSlot() {
        assertThat(TestVm.q35().deviceOn("rp", "d").brokenRules()).containsExactly("unknown-bus");
        assertThat(TestVm.q35().endpoint("net", "rp").brokenRules()).containsExactly("unknown-bus");
        assertThat(TestVm.q35()
                        .bus("a", BusType.PCI_BRIDGE, "b")
                        .bus("b", BusType.PCI_BRIDGE, "a")
                        .deviceOn("a", "d")
                        .brokenRules())
                .containsExactly("bus-cycle", "bus-cycle");
        assertThat(TestVm.q35().device("d").device("d").brokenRules()).containsExactly("duplicate-id");
        assertThat(TestVm.q35().bus("pcie.0", BusType.PXB_PCIE, "pcie.0").brokenRules())
                .contains("duplicate-id");
        assertThat(TestVm.q35()
                        .deviceOn("pcie.0", "2", "d")
                        .deviceOn("pcie.0", "0x2.0", "e")
                        .brokenRules())
                .containsExactly("slot-taken");
        assertThat(TestVm.q35()
                        .bus("rp", BusType.PCIE_ROOT_PORT, "pcie.0")
                        .deviceOn("rp", "d")
                        .deviceOn("rp", "e")
                        .brokenRules())
                .containsExactly("slot-taken");
        assertThat(TestVm.q35()
                        .bus("rp", BusType.PCIE_ROOT_PORT, "pcie.0")
                        .deviceOn("rp", "1", "d")
                        .brokenRules())
                .containsExactly("port-has-slot-0");
        assertThat(TestVm.q35()
                        .bus("rp", BusType.PCIE_ROOT_PORT, "pcie.0")
                        .bus("pxb", BusType.PXB_PCIE, "rp")
                        .brokenRules())
                .containsExactly("expander-on-root-bus");
    }

    @Test
    void aDistributionsMachineNeedsWhatItsNameDoesNotTell() {
        TestVm open = TestVm.of("pc-q35-rhel9.4.0").viommu("intel-iommu");
        assertThat(open.decide(RulesVersion.V1).errors())
                .singleElement()
                .extracting(ConfigurationError::property, ConfigurationError::rule)
                .containsExactly("viommus[0].aw-bits", "default-unknown");
        assertThat(TestVm.of("pc-q35-rhel9.4.0")
                        .viommu("intel-iommu", "aw-bits=48")
                        .brokenRules())
                .isEmpty();
        assertThat(TestVm.of("pseries-9.0").brokenRules()).containsExactly("unknown-machine");
    }

    @Test
    void anUnknownRulesVersionIsAnErrorThatNamesTheKnownOnes() {
        assertThatThrownBy(() -> RulesVersion.parse("3")).hasMessage("unknown rules version \"3\": known are 1, 2");
    }

    @Test
    void everyPropertyIsReadInEachOfItsSpellings() {
        List<String> checked = new ArrayList<>();
        for (ViommuModel model : ViommuModel.values()) {
            for (PropertyDefinition<?, ?> property : model.table().properties()) {
                Property written = ViommuSamples.of(model, property.name());
                for (String spelling : property.otherSpellings()) {
                    assertThat(Viommu.parse(0, model.toString(), List.of(new Property(spelling, written.value()))))
                            .isEqualTo(Viommu.parse(0, model.toString(), List.of(written)));
                }
                checked.add(model + " " + property.name());
            }
        }
        assertThat(checked).hasSizeGreaterThan(40);
    }
}
