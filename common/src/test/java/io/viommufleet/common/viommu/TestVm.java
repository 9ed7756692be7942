package io.viommufleet.common.viommu;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/** Writes a VM's configuration the way a test reads: {@code TestVm.q35().viommu("intel-iommu", "fsts=on").device("gpu")}. */
final class TestVm {
    private Machine machine;
    private final List<Viommu> viommus = new ArrayList<>();
    private final List<Bus> buses = new ArrayList<>();
    private final List<GuestDevice> devices = new ArrayList<>();
    private final List<EmulatedEndpoint> endpoints = new ArrayList<>();

    private TestVm(Machine machine) {
        this.machine = machine;
    }

    static TestVm of(String machineType) {
        return new TestVm(Machine.ofType(machineType));
    }

    static TestVm q35() {
        return of("pc-q35-10.0");
    }

    static TestVm virt() {
        return of("virt-10.2");
    }

    static ParsedViommu parse(int index, String model, String... properties) {
        return Viommu.parse(
                index, model, Arrays.stream(properties).map(TestVm::property).toList());
    }

    static Property property(String text) {
        String[] parts = text.split("=", 2);
        return new Property(parts[0], parts[1]);
    }

    TestVm machine(Boolean bypass, KernelIrqchip irqchip, int highestApicId) {
        machine = new Machine(machine.type(), Optional.of(bypass), Optional.of(irqchip), Optional.of(highestApicId));
        return this;
    }

    TestVm bypassed() {
        machine = new Machine(machine.type(), Optional.of(true), Optional.empty(), Optional.empty());
        return this;
    }

    TestVm viommu(String model, String... properties) {
        ParsedViommu parsed = parse(viommus.size(), model, properties);
        if (!parsed.errors().isEmpty()) {
            throw new AssertionError(parsed.errors().toString());
        }
        parsed.viommu().ifPresent(viommus::add);
        return this;
    }

    TestVm bus(String id, BusType type, String parent) {
        buses.add(new Bus(id, type, Optional.of(parent), Optional.empty(), Optional.empty()));
        return this;
    }

    TestVm bus(String id, BusType type, String parent, String slot) {
        buses.add(new Bus(id, type, Optional.of(parent), Optional.empty(), GuestSlot.parse(slot)));
        return this;
    }

    TestVm bypassedExpander(String id) {
        buses.add(new Bus(id, BusType.PXB_PCIE, Optional.empty(), Optional.of(true), Optional.empty()));
        return this;
    }

    TestVm device(String id) {
        return device(id, DeviceKind.PCI, DeviceBackend.IOMMUFD);
    }

    TestVm device(String id, DeviceKind kind, DeviceBackend backend) {
        devices.add(new GuestDevice(id, kind, backend, Optional.empty(), Optional.empty()));
        return this;
    }

    TestVm deviceOn(String bus, String id) {
        devices.add(new GuestDevice(id, DeviceKind.PCI, DeviceBackend.IOMMUFD, Optional.of(bus), Optional.empty()));
        return this;
    }

    TestVm deviceOn(String bus, String slot, String id) {
        devices.add(
                new GuestDevice(id, DeviceKind.PCI, DeviceBackend.IOMMUFD, Optional.of(bus), GuestSlot.parse(slot)));
        return this;
    }

    /** The same with another backend for one device. */
    TestVm withBackend(String id, DeviceBackend backend) {
        devices.replaceAll(device -> device.id().equals(id)
                ? new GuestDevice(id, device.kind(), backend, device.bus(), device.slot())
                : device);
        return this;
    }

    TestVm endpoint(String id, String bus) {
        endpoints.add(new EmulatedEndpoint(id, Optional.of(bus)));
        return this;
    }

    VmConfiguration build() {
        return new VmConfiguration(machine, viommus, buses, devices, endpoints);
    }

    Decision decide(RulesVersion version) {
        return Decision.decide(build(), version);
    }

    Decision.Decided decided(RulesVersion version) {
        return switch (decide(version)) {
            case Decision.Decided decided -> decided;
            case Decision.Refused refused ->
                throw new AssertionError(refused.errors().toString());
        };
    }

    Decision.Decided decided() {
        return decided(RulesVersion.V1);
    }

    List<String> brokenRules() {
        return decide(RulesVersion.V1).errors().stream()
                .map(ConfigurationError::rule)
                .toList();
    }
}
