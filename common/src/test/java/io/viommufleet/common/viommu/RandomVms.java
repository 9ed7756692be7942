package io.viommufleet.common.viommu;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Random;
import java.util.stream.Stream;

/** Random valid configurations, and other ways to write the same one. */
final class RandomVms {
    private final Random random;

    RandomVms(long seed) {
        random = new Random(seed);
    }

    /** A valid configuration: one vIOMMU of any model, or several per-bus ones; expanders, ports, bridges, devices. */
    VmConfiguration next() {
        boolean arm = random.nextBoolean();
        List<Bus> buses = new ArrayList<>();
        List<String> parents = new ArrayList<>(List.of("pcie.0"));
        for (int i = 0; i < random.nextInt(4); i++) {
            buses.add(new Bus(
                    "pxb" + i, BusType.PXB_PCIE, Optional.empty(), maybe(random.nextInt(4) == 0), Optional.empty()));
            parents.add("pxb" + i);
        }
        List<String> expanders = List.copyOf(parents.subList(1, parents.size()));
        for (int i = 0; i < random.nextInt(6); i++) {
            BusType type = random.nextInt(4) == 0 ? BusType.PCIE_TO_PCI_BRIDGE : BusType.PCIE_ROOT_PORT;
            buses.add(new Bus("b" + i, type, maybe(pick(parents)), Optional.empty(), Optional.empty()));
        }
        List<String> free = new ArrayList<>(buses.stream().map(Bus::id).toList());
        Collections.shuffle(free, random);
        List<GuestDevice> devices = new ArrayList<>();
        for (int i = 0; i < 1 + random.nextInt(5); i++) {
            Optional<String> bus =
                    free.isEmpty() || random.nextBoolean() ? Optional.empty() : Optional.of(free.removeLast());
            devices.add(new GuestDevice(
                    "d" + i,
                    random.nextInt(5) == 0 ? DeviceKind.MDEV : DeviceKind.PCI,
                    random.nextInt(5) == 0 ? DeviceBackend.LEGACY : DeviceBackend.IOMMUFD,
                    bus,
                    Optional.empty()));
        }
        return new VmConfiguration(
                Machine.ofType(arm ? pick(List.of("virt", "virt-9.0")) : pick(List.of("q35", "pc-q35-8.2"))),
                arm ? armViommus(expanders) : x86Viommus(),
                buses,
                devices,
                List.of(new EmulatedEndpoint("net0", Optional.of(pick(parents)))));
    }

    /** The same configuration in other words: other order, spellings, explicit defaults, other names. */
    VmConfiguration rewritten(VmConfiguration vm) {
        Decision.Decided decided = (Decision.Decided) Decision.decide(vm, RulesVersion.V1);
        List<Viommu> viommus = new ArrayList<>();
        for (Viommu viommu : vm.viommus()) {
            Viommu sometimesExplicit = random.nextBoolean() ? viommu : explicit(viommu, decided);
            viommus.add(respelled(sometimesExplicit));
        }
        return renamed(new VmConfiguration(
                random.nextBoolean() ? vm.machine() : decided.canonical().machine(),
                shuffled(viommus),
                shuffled(vm.buses()),
                vm.devices(),
                shuffled(vm.emulatedEndpoints())));
    }

    private static Viommu explicit(Viommu viommu, Decision.Decided decided) {
        MachineType machine =
                MachineType.parse(decided.canonical().machine().type()).orElseThrow();
        return viommu.withDefaults(MachineDefaultRules.upTo10_2(machine));
    }

    private Viommu respelled(Viommu viommu) {
        List<Property> properties = viommu.properties().stream()
                .map(property -> new Property(spelling(viommu, property), value(property)))
                .toList();
        return Viommu.parse(0, viommu.model().toString(), shuffled(properties))
                .viommu()
                .orElseThrow();
    }

    private String spelling(Viommu viommu, Property property) {
        PropertyDefinition<?, ?> definition =
                viommu.model().table().find(property.name()).orElseThrow();
        return pick(Stream.concat(Stream.of(definition.name()), definition.otherSpellings().stream())
                .toList());
    }

    private String value(Property property) {
        return switch (property.value()) {
            case "on" -> pick(List.of("on", "yes", "true"));
            case "off" -> pick(List.of("off", "no", "false"));
            default -> property.value();
        };
    }

    private VmConfiguration renamed(VmConfiguration vm) {
        String suffix = pick(List.of("", "-x", "9"));
        return new VmConfiguration(
                vm.machine(),
                vm.viommus().stream()
                        .map(viommu -> withBusSuffix(viommu, suffix))
                        .toList(),
                vm.buses().stream()
                        .map(bus -> new Bus(
                                bus.id() + suffix,
                                bus.type(),
                                bus.parent().map(parent -> renamed(parent, suffix)),
                                bus.bypassIommu(),
                                bus.slot()))
                        .toList(),
                vm.devices().stream()
                        .map(device -> new GuestDevice(
                                device.id().toUpperCase(Locale.ROOT),
                                device.kind(),
                                device.backend(),
                                device.bus().map(bus -> renamed(bus, suffix)),
                                device.slot()))
                        .toList(),
                List.of());
    }

    private static Viommu withBusSuffix(Viommu viommu, String suffix) {
        List<Property> properties = viommu.properties().stream()
                .map(property -> property.name().equals("primary-bus")
                        ? new Property(property.name(), renamed(property.value(), suffix))
                        : property)
                .toList();
        return Viommu.parse(0, viommu.model().toString(), properties).viommu().orElseThrow();
    }

    private static String renamed(String bus, String suffix) {
        return bus.equals("pcie.0") ? bus : bus + suffix;
    }

    private List<Viommu> x86Viommus() {
        return List.of(
                switch (random.nextInt(5)) {
                    case 0 -> viommu("intel-iommu", "scalable-mode=on", "fsts=on", "pasid-bits=" + random.nextInt(21));
                    case 1 -> viommu("intel-iommu", "caching-mode=on", "scalable-mode=on", "pasid-bits=8");
                    case 2 -> viommu("intel-iommu", "caching-mode=on", "scalable-mode=on", "fsts=on");
                    case 3 -> viommu("virtio-iommu-pci", "boot-bypass=off");
                    default -> viommu("amd-iommu", "dma-remap=on");
                });
    }

    private List<Viommu> armViommus(List<String> expanders) {
        if (expanders.isEmpty() || random.nextInt(4) == 0) {
            return List.of(viommu("arm-smmuv3", "accel=" + onOff(), "oas=44"));
        }
        List<Viommu> viommus = new ArrayList<>();
        for (String bus : expanders) {
            if (random.nextInt(3) > 0) {
                viommus.add(viommu("arm-smmuv3", "primary-bus=" + bus, "accel=on", "ssidsize=" + random.nextInt(3)));
            }
        }
        if (random.nextBoolean()) {
            viommus.add(viommu("arm-smmuv3", "primary-bus=pcie.0", "accel=" + onOff()));
        }
        return viommus;
    }

    private static Viommu viommu(String model, String... properties) {
        return TestVm.parse(0, model, properties).viommu().orElseThrow();
    }

    private String onOff() {
        return random.nextBoolean() ? "on" : "off";
    }

    private <T> Optional<T> maybe(T value) {
        return random.nextBoolean() ? Optional.of(value) : Optional.empty();
    }

    private <T> T pick(List<T> values) {
        return values.get(random.nextInt(values.size()));
    }

    private <T> List<T> shuffled(List<T> values) {
        List<T> copy = new ArrayList<>(values);
        Collections.shuffle(copy, random);
        return copy;
    }
}
