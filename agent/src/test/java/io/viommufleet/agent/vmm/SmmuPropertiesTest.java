package io.viommufleet.agent.vmm;

import static io.viommufleet.common.viommu.ViommuFlag.PASID_SUPPORTED;
import static io.viommufleet.common.viommu.ViommuFlag.WANT_NESTING_PARENT;
import static org.assertj.core.api.Assertions.assertThat;

import io.viommufleet.agent.iommufd.EmulatedKernel;
import io.viommufleet.agent.iommufd.KernelBehaviour;
import io.viommufleet.common.feasibility.GuestEndpoint;
import io.viommufleet.common.feasibility.HostCheckResult;
import io.viommufleet.common.feasibility.HostChecks;
import io.viommufleet.common.feasibility.HostIommuDevice;
import io.viommufleet.common.feasibility.HwptChoice;
import io.viommufleet.common.feasibility.SmmuV3Registers;
import io.viommufleet.common.viommu.ArmSmmuv3;
import io.viommufleet.common.viommu.DeviceBackend;
import io.viommufleet.common.viommu.Property;
import io.viommufleet.common.viommu.Viommu;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Rows 34 and 35 of the conformance rows "vIOMMU model and configuration to flags": what the emulated SMMUv3 answers before and after a device. */
class SmmuPropertiesTest {
    private static final String PATH = "viommus[0]";
    private static final int SUBSTREAM_SHIFT = 6;

    private final VmProcess vm =
            new VmProcess(new EmulatedKernel(KernelBehaviour.LINUX_7_0, false), List.of(), 1, HwptChoice.CURRENT);

    @Test
    void row34AnAutomaticWidthIsNoneBeforeTheFirstDevice() {
        assertThat(properties("ssidsize=auto").flags()).containsExactly(WANT_NESTING_PARENT);
    }

    @Test
    void row35AfterTheFirstDeviceItIsWhatThatDevicesHostHas() {
        attachTo(20);
        assertThat(properties("ssidsize=auto").flags()).containsExactly(WANT_NESTING_PARENT, PASID_SUPPORTED);
        attachTo(10);
        assertThat(properties("ssidsize=auto").substreamBits())
                .as("frozen by the first")
                .isEqualTo(20);
    }

    @Test
    void row35AHostWithoutSubstreamsGivesNone() {
        attachTo(0);
        assertThat(properties("ssidsize=auto").flags()).containsExactly(WANT_NESTING_PARENT);
    }

    @Test
    void anExplicitWidthNeedsNoDevice() {
        assertThat(properties("ssidsize=4").flags()).containsExactly(WANT_NESTING_PARENT, PASID_SUPPORTED);
    }

    /** What set_iommu_device freezes when a device of a host with so many SSID bits is attached; a smaller host is refused once it is frozen. */
    private void attachTo(int hostSubstreamBits) {
        SmmuV3Registers capable =
                new SmmuV3Registers(0x0840_0489, 0x10 | hostSubstreamBits << SUBSTREAM_SHIFT, 0, 0x500, 0, 0x75, 0, 0);
        HostIommuDevice host =
                new HostIommuDevice(DeviceBackend.IOMMUFD, Optional.of(capable), List.of(), 4096, hostSubstreamBits);
        HostCheckResult result =
                HostChecks.check(smmu("ssidsize=auto"), PATH, vm.frozen(), GuestEndpoint.unused(false), host);
        if (result instanceof HostCheckResult.Accepted(Map<String, String> values)) {
            vm.frozen().putAll(values);
        } else {
            assertThat(vm.frozen())
                    .as("the first device must be accepted: %s", result)
                    .isNotEmpty();
        }
    }

    private SmmuProperties properties(String property) {
        return new SmmuProperties(vm, PATH, smmu(property), Map.of());
    }

    private static ArmSmmuv3 smmu(String property) {
        List<Property> properties = Stream.of("accel=on", "ril=on", property)
                .map(text -> text.split("=", 2))
                .map(parts -> new Property(parts[0], parts[1]))
                .toList();
        return (ArmSmmuv3) Viommu.parse(0, "arm-smmuv3", properties).viommu().orElseThrow();
    }
}
