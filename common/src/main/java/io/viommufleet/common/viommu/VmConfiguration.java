package io.viommufleet.common.viommu;

import java.util.List;
import java.util.Optional;

/**
 * What a VM's configuration says about its vIOMMUs and the guest PCI topology that its passthrough devices sit in.
 *
 * <p>It holds everything that a decision may depend on and nothing else: no host, no memory, no rule that matches a
 * guest device with a host device. "No vIOMMU" is an empty list. The root bus is implicit.
 *
 * @param machine the machine type and its options
 * @param viommus the vIOMMUs, in any order
 * @param buses the PCI buses below the root bus, in any order
 * @param devices the passthrough devices; their order is the one in which slots are assigned to those without one
 * @param emulatedEndpoints the emulated PCI endpoints, which an accelerated SMMUv3 cannot have behind it
 */
public record VmConfiguration(
        Machine machine,
        List<Viommu> viommus,
        List<Bus> buses,
        List<GuestDevice> devices,
        List<EmulatedEndpoint> emulatedEndpoints) {
    public VmConfiguration {
        viommus = List.copyOf(viommus);
        buses = List.copyOf(buses);
        devices = List.copyOf(devices);
        emulatedEndpoints = List.copyOf(emulatedEndpoints);
    }

    /** A passthrough device by its id; empty if there is none. */
    public Optional<GuestDevice> device(String id) {
        for (GuestDevice device : devices) {
            if (device.id().equals(id)) {
                return Optional.of(device);
            }
        }
        return Optional.empty();
    }
}
