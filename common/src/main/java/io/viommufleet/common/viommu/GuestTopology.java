package io.viommufleet.common.viommu;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.IntStream;

/**
 * The guest's PCI buses, and which vIOMMU governs what is on them (QEMU {@code pci_device_get_iommu_bus_devfn}).
 *
 * <p>The configuration must be valid: every bus exists, and none is its own ancestor.
 */
final class GuestTopology {
    private final VmConfiguration configuration;
    private final String machineRootBus;
    private final Map<String, Bus> busById = new HashMap<>();

    GuestTopology(VmConfiguration configuration, MachineFamily family) {
        this.configuration = configuration;
        this.machineRootBus = family.rootBus();
        configuration.buses().forEach(bus -> busById.put(bus.id(), bus));
    }

    /** What a bus means to a device on it. */
    record Place(OptionalInt viommu, boolean bypass, boolean aliased) {
        /** Of a device that is on no PCI bus. */
        static final Place NOT_ON_PCI = new Place(OptionalInt.empty(), false, false);
    }

    /** What the place of a device means to it. The vIOMMU is by its index in the configuration. */
    Place placeOf(GuestDevice device) {
        return device.kind() == DeviceKind.PLATFORM ? Place.NOT_ON_PCI : placeOn(device.bus());
    }

    /** What it means to be on a bus; without one, on the root bus or behind a root port of one's own there. */
    Place placeOn(Optional<String> bus) {
        String root = rootOf(bus);
        boolean bypass = bypassed(root);
        return new Place(bypass ? OptionalInt.empty() : governing(root), bypass, aliased(bus));
    }

    /** The root bus above a bus: the machine's, or the expander's. */
    String rootOf(Optional<String> bus) {
        return pathTo(bus).stream()
                .filter(step -> step.type().expander())
                .reduce((upper, lower) -> lower)
                .map(Bus::id)
                .orElse(machineRootBus);
    }

    /** The buses from the machine's root bus (left out) down to a bus. */
    List<Bus> pathTo(Optional<String> bus) {
        Deque<Bus> path = new ArrayDeque<>();
        Optional<Bus> next = bus.map(busById::get);
        while (next.isPresent()) {
            path.addFirst(next.get());
            next = next.get().parent().map(busById::get);
        }
        return List.copyOf(path);
    }

    /**
     * The vIOMMU of a root bus. An expander without one of its own inherits that of the machine's root bus, unless that
     * one is set up per bus.
     */
    private OptionalInt governing(String root) {
        OptionalInt own = viommuOn(root);
        if (own.isPresent() || root.equals(machineRootBus)) {
            return own;
        }
        OptionalInt inherited = viommuOn(machineRootBus);
        return inherited.isPresent()
                        && configuration.viommus().get(inherited.getAsInt()).perBus()
                ? OptionalInt.empty()
                : inherited;
    }

    private OptionalInt viommuOn(String root) {
        List<Viommu> viommus = configuration.viommus();
        return IntStream.range(0, viommus.size())
                .filter(index ->
                        viommus.get(index).primaryBus().orElse(machineRootBus).equals(root))
                .findFirst();
    }

    private boolean bypassed(String root) {
        Optional<Boolean> bypass = root.equals(machineRootBus)
                ? configuration.machine().defaultBusBypassIommu()
                : Optional.of(root).map(busById::get).flatMap(Bus::bypassIommu);
        return bypass.orElse(false);
    }

    /**
     * Whether a conventional bus lies on the way up to the bus that has the vIOMMU. The machine's root bus is no such
     * bus whatever its kind, for nothing is above it.
     */
    private boolean aliased(Optional<String> bus) {
        return pathTo(bus).stream().anyMatch(step -> !step.type().express());
    }
}
