package io.viommufleet.agent.vmm;

import io.viommufleet.common.feasibility.FeasibilityRequest;
import io.viommufleet.common.model.Bdf;
import io.viommufleet.common.viommu.Bus;
import io.viommufleet.common.viommu.BusType;
import io.viommufleet.common.viommu.Decision;
import io.viommufleet.common.viommu.DeviceBackend;
import io.viommufleet.common.viommu.DeviceKind;
import io.viommufleet.common.viommu.EmulatedEndpoint;
import io.viommufleet.common.viommu.GuestDevice;
import io.viommufleet.common.viommu.Machine;
import io.viommufleet.common.viommu.Property;
import io.viommufleet.common.viommu.RulesVersion;
import io.viommufleet.common.viommu.Viommu;
import io.viommufleet.common.viommu.VmConfiguration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Describes a VM the way a test reads; its devices are {@code d0}, {@code d1}, … in the order of their adding. */
final class TestVm {
    private String name = "vm";
    private static final long GIB = 1L << 30;

    private Machine machine;
    private final List<Viommu> viommus = new ArrayList<>();
    private final List<Bus> buses = new ArrayList<>();
    private final List<GuestDevice> devices = new ArrayList<>();
    private final List<EmulatedEndpoint> endpoints = new ArrayList<>();
    private RulesVersion rules = RulesVersion.V1;
    private long memoryBytes = 8 * GIB;
    private boolean strict;

    private TestVm(String machineType) {
        machine = Machine.ofType(machineType);
    }

    static TestVm q35() {
        return new TestVm("pc-q35-10.0");
    }

    static TestVm virt() {
        return new TestVm("virt-10.2");
    }

    /** With an intel-iommu that takes devices; more properties add to caching-mode. */
    static TestVm intel(String... properties) {
        List<String> all = new ArrayList<>(List.of("caching-mode=on"));
        all.addAll(Arrays.asList(properties));
        return q35().viommu("intel-iommu", all.toArray(String[]::new));
    }

    /** With an intel-iommu that nests. */
    static TestVm nestedIntel(String... properties) {
        List<String> all = new ArrayList<>(List.of("scalable-mode=on", "fsts=on", "aw-bits=48"));
        all.addAll(Arrays.asList(properties));
        return intel(all.toArray(String[]::new));
    }

    /** With an accelerated machine-wide SMMUv3. */
    static TestVm accelerated(String... properties) {
        List<String> all = new ArrayList<>(List.of("accel=on"));
        all.addAll(Arrays.asList(properties));
        return virt().viommu("arm-smmuv3", all.toArray(String[]::new));
    }

    TestVm viommu(String model, String... properties) {
        List<Property> typed = Arrays.stream(properties)
                .map(text -> text.split("=", 2))
                .map(parts -> new Property(parts[0], parts[1]))
                .toList();
        viommus.add(Viommu.parse(viommus.size(), model, typed).viommu().orElseThrow());
        return this;
    }

    TestVm bypassed() {
        machine = new Machine(machine.type(), Optional.of(true), Optional.empty(), Optional.empty());
        return this;
    }

    TestVm bus(String id, BusType type) {
        buses.add(new Bus(id, type, Optional.empty(), Optional.empty(), Optional.empty()));
        return this;
    }

    TestVm endpoint(String id) {
        endpoints.add(new EmulatedEndpoint(id, Optional.empty()));
        return this;
    }

    TestVm device() {
        return device(DeviceKind.PCI, DeviceBackend.IOMMUFD, Optional.empty());
    }

    TestVm device(DeviceKind kind, DeviceBackend backend, Optional<String> bus) {
        devices.add(new GuestDevice("d" + devices.size(), kind, backend, bus, Optional.empty()));
        return this;
    }

    TestVm rules(RulesVersion version) {
        rules = version;
        return this;
    }

    TestVm memory(long bytes) {
        memoryBytes = bytes;
        return this;
    }

    TestVm strict(boolean on) {
        strict = on;
        return this;
    }

    Decision decide() {
        return Decision.decide(new VmConfiguration(machine, viommus, buses, devices, endpoints), rules);
    }

    Decision.Decided decided() {
        return switch (decide()) {
            case Decision.Decided decided -> decided;
            case Decision.Refused refused ->
                throw new AssertionError(refused.errors().toString());
        };
    }

    /** Under another name than {@code vm}. */
    TestVm named(String other) {
        name = other;
        return this;
    }

    VmAttachRequest request(String device, Bdf bdf) {
        return new VmAttachRequest(name, device, bdf, memoryBytes, strict, decided(), Map.of());
    }

    FeasibilityRequest question(String device) {
        return new FeasibilityRequest(decided(), device, memoryBytes, strict, Map.of());
    }

    @Override
    public String toString() {
        return "%s %s %s %s rules %s, %d bytes, strict %s"
                .formatted(
                        machine.type(),
                        viommus.stream()
                                .map(viommu -> viommu.model() + " " + viommu.properties())
                                .toList(),
                        buses,
                        devices,
                        rules,
                        memoryBytes,
                        strict);
    }
}
