package io.viommufleet.common.viommu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import java.util.List;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;

/** Which vIOMMU governs a bus, what bypasses it and what is aliased (QEMU pci_device_get_iommu_bus_devfn). */
class GuestTopologyTest {
    private static final OptionalInt NO_VIOMMU = OptionalInt.empty();

    private static DeviceDecision only(TestVm vm) {
        return vm.decided().devices().getFirst();
    }

    @Test
    void anExpanderInheritsTheMachineWideViommu() {
        DeviceDecision device = only(TestVm.virt()
                .viommu("arm-smmuv3", "accel=on")
                .bus("pxb", BusType.PXB_PCIE, "pcie.0")
                .bus("rp", BusType.PCIE_ROOT_PORT, "pxb")
                .deviceOn("rp", "gpu0"));
        assertThat(device.viommu()).hasValue(0);
        assertThat(device.nestingParent()).isTrue();
    }

    @Test
    void anExpanderInheritsNothingFromAPerBusViommuOnTheRootBus() {
        DeviceDecision device = only(TestVm.virt()
                .viommu("arm-smmuv3", "accel=on", "primary-bus=pcie.0")
                .bus("pxb", BusType.PXB_PCIE, "pcie.0")
                .deviceOn("pxb", "gpu0"));
        assertThat(device.viommu()).isEqualTo(NO_VIOMMU);
        assertThat(device.flags()).isEmpty();
        assertThat(device.followsFrom()).containsExactly(new ConfigurationField("viommus[0].primary-bus", "pcie.0"));
    }

    @Test
    void aDeviceWithoutAddressSitsBehindARootPortOfTheRootBus() {
        DeviceDecision device = only(TestVm.virt()
                .viommu("arm-smmuv3", "accel=on", "primary-bus=pcie.0")
                .device("gpu0"));
        assertThat(device.viommu()).hasValue(0);
        assertThat(device.aliased()).isFalse();
    }

    @Test
    void switchesAliasNothingAndConventionalBridgesDo() {
        TestVm vm = TestVm.q35()
                .viommu("intel-iommu")
                .bus("rp", BusType.PCIE_ROOT_PORT, "pcie.0")
                .bus("up", BusType.SWITCH_UPSTREAM_PORT, "rp")
                .bus("down", BusType.SWITCH_DOWNSTREAM_PORT, "up")
                .bus("dmi", BusType.DMI_TO_PCI_BRIDGE, "pcie.0")
                .bus("conventional", BusType.PCI_BRIDGE, "dmi")
                .deviceOn("down", "express")
                .deviceOn("conventional", "aliased");
        assertThat(vm.decided().devices())
                .extracting(DeviceDecision::id, DeviceDecision::aliased, DeviceDecision::viommu)
                .containsExactly(tuple("express", false, OptionalInt.of(0)), tuple("aliased", true, OptionalInt.of(0)));
    }

    @Test
    void theBypassOfTheRootBusDoesNotReachAnExpander() {
        TestVm vm = TestVm.q35()
                .bypassed()
                .viommu("intel-iommu", "scalable-mode=on", "fsts=on")
                .bus("pxb", BusType.PXB_PCIE, "pcie.0")
                .device("onRoot")
                .deviceOn("pxb", "onExpander");
        assertThat(vm.decided().devices())
                .extracting(DeviceDecision::id, DeviceDecision::bypass, DeviceDecision::nestingParent)
                .containsExactly(tuple("onRoot", true, false), tuple("onExpander", false, true));
    }

    @Test
    void devicesAreInGuestTopologyOrder() {
        TestVm vm = TestVm.q35()
                .bus("rp9", BusType.PCIE_ROOT_PORT, "pcie.0", "9")
                .bus("rp3", BusType.PCIE_ROOT_PORT, "pcie.0", "3")
                .device("noAddress")
                .device("platform", DeviceKind.PLATFORM, DeviceBackend.IOMMUFD)
                .deviceOn("rp9", "behind9")
                .deviceOn("pcie.0", "5.1", "at5.1")
                .deviceOn("pcie.0", "5.0", "at5.0")
                .deviceOn("rp3", "behind3")
                .device("noAddressEither");
        assertThat(ids(vm))
                .containsExactly("behind3", "at5.0", "at5.1", "behind9", "noAddress", "noAddressEither", "platform");
    }

    @Test
    void viommusFollowTheFirstDeviceThatEachGoverns() {
        TestVm vm = TestVm.virt()
                .bus("a", BusType.PXB_PCIE, "pcie.0", "8")
                .bus("b", BusType.PXB_PCIE, "pcie.0", "4")
                .viommu("arm-smmuv3", "primary-bus=a")
                .viommu("arm-smmuv3", "primary-bus=b", "accel=on")
                .deviceOn("a", "onA")
                .deviceOn("b", "onB");
        assertThat(ids(vm)).containsExactly("onB", "onA");
        assertThat(vm.decided().canonical().viommus())
                .extracting(viommu -> viommu.primaryBus().orElseThrow())
                .containsExactly("b", "a");
        assertThat(vm.decided().devices().getFirst().followsFrom())
                .contains(new ConfigurationField("viommus[0].accel", "on"));
    }

    private static List<String> ids(TestVm vm) {
        return vm.decided().devices().stream().map(DeviceDecision::id).toList();
    }
}
