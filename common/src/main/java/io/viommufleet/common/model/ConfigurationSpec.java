package io.viommufleet.common.model;

import io.viommufleet.common.viommu.Bus;
import io.viommufleet.common.viommu.EmulatedEndpoint;
import io.viommufleet.common.viommu.GuestDevice;
import io.viommufleet.common.viommu.Machine;
import java.util.List;

/**
 * A VM configuration in the form that travels: the vIOMMUs as text, so that what a user wrote, right or wrong, can be kept
 * and answered. The same form carries the canonical configuration that a controller sends with its certificate.
 *
 * @param machine type and options
 * @param viommus in the user's order, or in canonical order
 * @param buses PCI buses below the root bus
 * @param devices passthrough devices
 * @param emulatedEndpoints emulated PCI endpoints
 */
public record ConfigurationSpec(
        Machine machine,
        List<ViommuSpec> viommus,
        List<Bus> buses,
        List<GuestDevice> devices,
        List<EmulatedEndpoint> emulatedEndpoints) {
    public ConfigurationSpec {
        viommus = List.copyOf(viommus);
        buses = List.copyOf(buses);
        devices = List.copyOf(devices);
        emulatedEndpoints = List.copyOf(emulatedEndpoints);
    }
}
