package io.viommufleet.common.input;

import io.viommufleet.common.model.ConfigurationSpec;
import io.viommufleet.common.model.DeviceMatch;
import io.viommufleet.common.model.Metadata;
import io.viommufleet.common.model.PlacementRules;
import io.viommufleet.common.model.ViommuSpec;
import io.viommufleet.common.model.VirtualMachine;
import io.viommufleet.common.model.VmSpec;
import io.viommufleet.common.viommu.Bus;
import io.viommufleet.common.viommu.BusType;
import io.viommufleet.common.viommu.EmulatedEndpoint;
import io.viommufleet.common.viommu.GuestDevice;
import io.viommufleet.common.viommu.GuestSlot;
import io.viommufleet.common.viommu.KernelIrqchip;
import io.viommufleet.common.viommu.Machine;
import io.viommufleet.common.viommu.Names;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Makes the VM of a list of QEMU devices. */
final class VmAssembly {
    private static final Set<String> VIOMMUS = Set.of(
            "intel-iommu",
            "arm-smmuv3",
            "virtio-iommu",
            "virtio-iommu-pci",
            "virtio-iommu-pci-non-transitional",
            "amd-iommu",
            "riscv-iommu-pci",
            "riscv-iommu-sys");
    private static final List<String> ARCHITECTURES =
            List.of("x86_64", "i386", "i686", "aarch64", "arm", "armv7l", "riscv64", "s390x");

    private final QemuMachine machine;
    private final String rootBus;
    private final List<ViommuSpec> viommus = new ArrayList<>();
    private final List<Bus> buses = new ArrayList<>();
    private final List<GuestDevice> devices = new ArrayList<>();
    private final List<EmulatedEndpoint> endpoints = new ArrayList<>();
    private final Map<String, DeviceMatch> matches = new LinkedHashMap<>();

    private VmAssembly(QemuMachine machine) {
        this.machine = machine;
        this.rootBus = rootBus(machine.machineType);
    }

    static ParsedDocument assemble(String source, QemuMachine machine) {
        machine.applySettings();
        VmAssembly assembly = new VmAssembly(machine);
        assembly.checkArchitecture();
        String written = machine.machineType.isEmpty() ? assembly.defaultMachine() : machine.machineType;
        assembly.collect();
        Machine type = assembly.machine(written);
        if (!machine.errors.isEmpty()) {
            return new ParsedDocument.Unusable(source, machine.name, machine.errors);
        }
        ConfigurationSpec configuration =
                new ConfigurationSpec(type, assembly.viommus, assembly.buses, assembly.devices, assembly.endpoints);
        VmSpec spec = new VmSpec(
                configuration,
                machine.memoryBytes,
                assembly.matches,
                PlacementRules.ANYWHERE,
                VmSpec.OnHostLoss.WAIT,
                false,
                Optional.empty(),
                false,
                List.of());
        String name = Text.name(machine.name);
        return new ParsedDocument.Vm(source, new VirtualMachine(new Metadata(name, 0, Map.of()), spec));
    }

    /** The name of the root bus on a machine of a type. */
    static String rootBus(String machineType) {
        boolean express = machineType.contains("q35") || machineType.startsWith("virt");
        return express ? "pcie.0" : "pci.0";
    }

    private String defaultMachine() {
        return switch (machine.architecture.orElse("x86_64")) {
            case "s390x" -> "s390-ccw-virtio";
            case "aarch64", "arm", "armv7l", "riscv64" -> "virt";
            default -> "pc";
        };
    }

    private void checkArchitecture() {
        machine.architecture
                .filter(architecture -> !ARCHITECTURES.contains(architecture))
                .ifPresent(architecture -> machine.error(
                        "architecture",
                        architecture,
                        "unsupported-architecture",
                        "no vIOMMU is modelled on %s: known are %s"
                                .formatted(Text.shown(architecture), String.join(", ", ARCHITECTURES))));
    }

    private Machine machine(String type) {
        machine.maxCpus
                .filter(cpus -> cpus < 1)
                .ifPresent(cpus -> machine.error("cpus", "" + cpus, "bad-value", "a VM has at least one CPU"));
        String iommu = machine.machineOptions.getOrDefault("iommu", "none");
        if (iommu.equals("smmuv3")) {
            viommus.addFirst(new ViommuSpec("arm-smmuv3", List.of()));
        } else if (!iommu.equals("none")) {
            machine.error(
                    "machine.iommu",
                    iommu,
                    "bad-value",
                    "iommu=%s is not known: write none or smmuv3".formatted(iommu));
        }
        if (switchOn("riscv-iommu-sys", machine.machineOptions.get("iommu-sys"))) {
            viommus.addFirst(new ViommuSpec("riscv-iommu-sys", List.of()));
        }
        Optional<String> bypass = Optional.ofNullable(machine.machineOptions.get("default-bus-bypass-iommu"));
        return new Machine(
                type,
                bypass.map(text -> switchOn("default-bus-bypass-iommu", text)),
                Optional.ofNullable(machine.machineOptions.get("kernel-irqchip"))
                        .flatMap(this::irqchip),
                machine.maxCpus.map(cpus -> Math.max(0, cpus - 1)));
    }

    private Optional<KernelIrqchip> irqchip(String text) {
        Optional<KernelIrqchip> irqchip = KernelIrqchip.named(text);
        if (irqchip.isEmpty()) {
            machine.error("machine.kernel-irqchip", text, "bad-value", "write on, off or split");
        }
        return irqchip;
    }

    private boolean switchOn(String property, @Nullable String text) {
        if (text == null || List.of("off", "no", "false", "n", "auto").contains(text)) {
            return false;
        }
        if (!List.of("on", "yes", "true", "y").contains(text)) {
            machine.error(property, text, "bad-value", "write on or off");
        }
        return true;
    }

    private void collect() {
        Set<String> busIds = new HashSet<>();
        busIds.add(rootBus);
        for (QemuDevice device : machine.devices) {
            Optional<BusType> type = busType(device.driver());
            if (type.isPresent()) {
                bus(device, type.get());
                device.get("id").ifPresent(busIds::add);
            }
        }
        for (QemuDevice device : machine.devices) {
            if (VIOMMUS.contains(device.driver())) {
                viommus.add(new ViommuSpec(device.driver(), device.properties()));
            } else if (PassthroughDevices.isOne(device.driver())) {
                passthrough(device);
            } else if (busType(device.driver()).isEmpty()) {
                other(device, busIds);
            }
        }
    }

    private static Optional<BusType> busType(String driver) {
        return driver.startsWith("pcie-expander") || driver.startsWith("pci-expander")
                ? Optional.empty()
                : BusType.named(driver);
    }

    private void bus(QemuDevice device, BusType type) {
        String id = device.get("id").orElse(type + "#" + buses.size());
        Optional<Boolean> bypass = device.get("bypass_iommu")
                .or(() -> device.get("bypass-iommu"))
                .map(text -> switchOn(id + ".bypass_iommu", text));
        buses.add(new Bus(id, type, device.get("bus").filter(bus -> !bus.equals(rootBus)), bypass, slot(device, id)));
    }

    private void passthrough(QemuDevice device) {
        String id = device.get("id").orElse("hostdev" + devices.size());
        try {
            io.viommufleet.common.model.Names.requireName("device id", id);
        } catch (IllegalArgumentException refused) {
            machine.error("devices.id", id, "bad-value", String.valueOf(refused.getMessage()));
            return;
        }
        PassthroughDevices.Found found = PassthroughDevices.read(device);
        found.problem()
                .ifPresent(problem ->
                        machine.error(id + ".host", device.get("host").orElse(""), "bad-value", problem));
        boolean pci = found.onPci();
        devices.add(new GuestDevice(
                id,
                found.kind(),
                found.backend(),
                pci ? device.get("bus") : Optional.empty(),
                pci ? slot(device, id) : Optional.empty()));
        if (matches.put(id, found.match()) != null) {
            machine.error("devices.id", id, "duplicate-id", "two devices have the id " + Text.shown(id));
        }
    }

    private Optional<GuestSlot> slot(QemuDevice device, String id) {
        Optional<String> written = device.get("addr");
        Optional<GuestSlot> slot = written.flatMap(GuestSlot::parse);
        if (written.isPresent() && slot.isEmpty()) {
            machine.error(id + ".addr", written.get(), "bad-value", "write a slot such as 1f or 1f.7, in hexadecimal");
        }
        return slot;
    }

    /** An emulated endpoint, if it is on a PCI bus; or a misspelled vIOMMU. */
    private void other(QemuDevice device, Set<String> busIds) {
        String driver = device.driver();
        if (driver.contains("iommu") || driver.contains("smmu")) {
            String hint = Names.nearest(driver, VIOMMUS)
                    .map("did you mean %s?"::formatted)
                    .orElse("known are "
                            + String.join(", ", VIOMMUS.stream().sorted().toList()));
            machine.error("-device", driver, "unknown-model", "unknown vIOMMU model: " + hint);
            return;
        }
        Optional<String> bus = device.get("bus");
        if (bus.isPresent() ? busIds.contains(bus.get()) : PassthroughDevices.isPciDriver(driver)) {
            endpoints.add(
                    new EmulatedEndpoint(device.get("id").orElse(driver), bus.filter(name -> !name.equals(rootBus))));
        }
    }
}
