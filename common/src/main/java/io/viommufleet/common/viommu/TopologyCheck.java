package io.viommufleet.common.viommu;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Finds what no guest PCI topology can be: unknown buses, cycles, two devices in one slot. */
final class TopologyCheck {
    private final VmConfiguration configuration;
    private final String rootBus;
    private final Map<String, Bus> busById = new LinkedHashMap<>();
    private final Map<String, String> occupantBySlot = new HashMap<>();
    private final List<ConfigurationError> errors = new ArrayList<>();

    private TopologyCheck(VmConfiguration configuration, MachineFamily family) {
        this.configuration = configuration;
        this.rootBus = family.rootBus();
    }

    /** The errors in a configuration whose defaults are filled in. */
    static List<ConfigurationError> check(VmConfiguration configuration, MachineFamily family) {
        TopologyCheck check = new TopologyCheck(configuration, family);
        check.collectBuses();
        check.checkBuses();
        check.checkDevices();
        check.checkEndpoints();
        check.checkPrimaryBuses();
        return check.errors;
    }

    private void collectBuses() {
        for (int i = 0; i < configuration.buses().size(); i++) {
            Bus bus = configuration.buses().get(i);
            if (bus.id().equals(rootBus) || busById.putIfAbsent(bus.id(), bus) != null) {
                add("buses[%s].id".formatted(i), bus.id(), "duplicate-id", "another bus has the id " + bus.id());
            }
        }
    }

    private void checkBuses() {
        for (int i = 0; i < configuration.buses().size(); i++) {
            Bus bus = configuration.buses().get(i);
            String path = "buses[%s]".formatted(i);
            String parent = bus.parent().orElse(rootBus);
            if (checkExists(path + ".parent", parent) && inCycle(bus)) {
                add(path + ".parent", parent, "bus-cycle", "bus %s is its own ancestor".formatted(bus.id()));
            }
            if (bus.type().expander() && !parent.equals(rootBus)) {
                add(
                        path + ".parent",
                        parent,
                        "expander-on-root-bus",
                        "a %s can be on %s only".formatted(bus.type(), rootBus));
            }
            if (!bus.type().expander() && bus.bypassIommu().isPresent()) {
                add(
                        path + ".bypass-iommu",
                        bus.bypassIommu().get() ? "on" : "off",
                        "bypass-on-expander",
                        "only an expander (pxb-pcie, pxb) or the machine's root bus can bypass the vIOMMU");
            }
            checkSlot(path, bus.id(), parent, bus.slot());
        }
    }

    private void checkDevices() {
        Set<String> ids = new HashSet<>();
        for (int i = 0; i < configuration.devices().size(); i++) {
            GuestDevice device = configuration.devices().get(i);
            String path = "devices[%s]".formatted(i);
            if (!ids.add(device.id())) {
                add(path + ".id", device.id(), "duplicate-id", "another device has the id " + device.id());
            }
            if (device.kind() == DeviceKind.PLATFORM) {
                checkNotOnPci(path, device);
            } else if (device.bus().isPresent()
                    && checkExists(path + ".bus", device.bus().get())) {
                checkSlot(path, device.id(), device.bus().get(), device.slot());
            }
        }
    }

    private void checkNotOnPci(String path, GuestDevice device) {
        device.bus()
                .ifPresent(bus -> add(
                        path + ".bus",
                        bus,
                        "platform-device-on-pci",
                        "a platform device is on no PCI bus: leave it out"));
    }

    private void checkEndpoints() {
        for (int i = 0; i < configuration.emulatedEndpoints().size(); i++) {
            EmulatedEndpoint endpoint = configuration.emulatedEndpoints().get(i);
            checkExists("emulatedEndpoints[%s].bus".formatted(i), endpoint.bus().orElse(rootBus));
        }
    }

    private void checkPrimaryBuses() {
        for (int i = 0; i < configuration.viommus().size(); i++) {
            Optional<String> primaryBus = configuration.viommus().get(i).primaryBus();
            String path = "viommus[%s].primary-bus".formatted(i);
            if (primaryBus.isEmpty() || !checkExists(path, primaryBus.get())) {
                continue;
            }
            Bus bus = busById.get(primaryBus.get());
            if (bus != null && bus.type() != BusType.PXB_PCIE) {
                add(
                        path,
                        bus.id(),
                        "primary-bus-is-root",
                        "a primary bus is %s or a pxb-pcie, and %s is a %s".formatted(rootBus, bus.id(), bus.type()));
            }
        }
    }

    private boolean checkExists(String path, String bus) {
        if (bus.equals(rootBus) || busById.containsKey(bus)) {
            return true;
        }
        List<String> known = new ArrayList<>(busById.keySet());
        known.addFirst(rootBus);
        String hint = Names.nearest(bus, known)
                .map("did you mean %s?"::formatted)
                .orElseGet(() -> "known are " + Names.list(known.stream()));
        add(path, bus, "unknown-bus", "no bus has the id %s: %s".formatted(bus, hint));
        return false;
    }

    private boolean inCycle(Bus bus) {
        Set<String> seen = new HashSet<>();
        Bus next = bus;
        while (next != null && seen.add(next.id())) {
            next = busById.get(next.parent().orElse(rootBus));
        }
        return next != null && next.id().equals(bus.id());
    }

    private void checkSlot(String path, String id, String bus, Optional<GuestSlot> slot) {
        if (slot.isEmpty()) {
            return;
        }
        Bus parent = busById.get(bus);
        if (parent != null && parent.type().port() && slot.get().device() != 0) {
            add(
                    path + ".slot",
                    slot.get().toString(),
                    "port-has-slot-0",
                    "%s is a %s, which has the slot 00 only".formatted(bus, parent.type()));
        }
        String occupant = occupantBySlot.putIfAbsent(bus + " " + slot.get(), id);
        if (occupant != null) {
            add(
                    path + ".slot",
                    slot.get().toString(),
                    "slot-taken",
                    "%s is in slot %s of %s already".formatted(occupant, slot.get(), bus));
        }
    }

    private void add(String property, String value, String rule, String message) {
        errors.add(new ConfigurationError(property, value, rule, message));
    }
}
