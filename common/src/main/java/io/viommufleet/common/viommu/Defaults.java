package io.viommufleet.common.viommu;

import java.util.Optional;

/** Fills in what a configuration leaves unset. It changes no order and drops nothing. */
final class Defaults {
    private final MachineType machine;
    private final VmConfiguration configuration;

    private Defaults(MachineType machine, VmConfiguration configuration) {
        this.machine = machine;
        this.configuration = configuration;
    }

    static VmConfiguration fill(VmConfiguration configuration, MachineType machine, Rules rules) {
        Defaults defaults = new Defaults(machine, configuration);
        MachineDefaults machineDefaults = rules.defaults().apply(machine);
        return new VmConfiguration(
                defaults.machine(),
                configuration.viommus().stream()
                        .map(viommu -> viommu.withDefaults(machineDefaults))
                        .toList(),
                configuration.buses().stream().map(defaults::bus).toList(),
                configuration.devices().stream().map(defaults::device).toList(),
                configuration.emulatedEndpoints().stream()
                        .map(defaults::endpoint)
                        .toList());
    }

    private Machine machine() {
        Machine written = configuration.machine();
        return new Machine(
                machine.name(),
                Optional.of(written.defaultBusBypassIommu().orElse(false)),
                written.kernelIrqchip(),
                written.highestApicId());
    }

    private Bus bus(Bus bus) {
        String parent = bus.parent().orElse(rootBus());
        return new Bus(
                bus.id(),
                bus.type(),
                Optional.of(parent),
                bus.type().expander() ? bus.bypassIommu().or(() -> Optional.of(false)) : bus.bypassIommu(),
                slot(Optional.of(parent), bus.slot()));
    }

    private GuestDevice device(GuestDevice device) {
        Optional<String> bus = device.bus().or(() -> device.slot().map(slot -> rootBus()));
        return new GuestDevice(device.id(), device.kind(), device.backend(), bus, slot(bus, device.slot()));
    }

    private EmulatedEndpoint endpoint(EmulatedEndpoint endpoint) {
        return new EmulatedEndpoint(endpoint.id(), Optional.of(endpoint.bus().orElse(rootBus())));
    }

    /** What is on a port is in its only slot. */
    private Optional<GuestSlot> slot(Optional<String> parent, Optional<GuestSlot> written) {
        boolean onPort = configuration.buses().stream()
                .anyMatch(bus -> bus.type().port() && parent.equals(Optional.of(bus.id())));
        return onPort ? written.or(() -> Optional.of(new GuestSlot(0, 0))) : written;
    }

    private String rootBus() {
        return machine.family().rootBus();
    }
}
