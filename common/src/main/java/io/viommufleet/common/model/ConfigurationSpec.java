package io.viommufleet.common.model;

import io.viommufleet.common.viommu.Bus;
import io.viommufleet.common.viommu.ConfigurationError;
import io.viommufleet.common.viommu.Decision;
import io.viommufleet.common.viommu.EmulatedEndpoint;
import io.viommufleet.common.viommu.GuestDevice;
import io.viommufleet.common.viommu.Machine;
import io.viommufleet.common.viommu.ParsedViommu;
import io.viommufleet.common.viommu.RulesVersion;
import io.viommufleet.common.viommu.Viommu;
import io.viommufleet.common.viommu.VmConfiguration;
import java.util.ArrayList;
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

    /** Writes a typed configuration down. */
    public static ConfigurationSpec of(VmConfiguration configuration) {
        return new ConfigurationSpec(
                configuration.machine(),
                configuration.viommus().stream()
                        .map(viommu -> new ViommuSpec(viommu.model().toString(), viommu.properties()))
                        .toList(),
                configuration.buses(),
                configuration.devices(),
                configuration.emulatedEndpoints());
    }

    /** Reads the text of the vIOMMUs: the typed configuration, or every error in it. */
    public Parsed parse() {
        List<Viommu> typed = new ArrayList<>();
        List<ConfigurationError> errors = new ArrayList<>();
        for (int index = 0; index < viommus.size(); index++) {
            ViommuSpec written = viommus.get(index);
            ParsedViommu parsed = Viommu.parse(index, written.model(), written.properties());
            parsed.viommu().ifPresent(typed::add);
            errors.addAll(parsed.errors());
        }
        return errors.isEmpty()
                ? new Parsed.Typed(new VmConfiguration(machine, typed, buses, devices, emulatedEndpoints))
                : new Parsed.Unreadable(errors);
    }

    /** Decides, whatever was written: text that cannot be read is a refusal like any other. */
    public Decision decide(RulesVersion rulesVersion) {
        return switch (parse()) {
            case Parsed.Typed(VmConfiguration configuration) -> Decision.decide(configuration, rulesVersion);
            case Parsed.Unreadable(List<ConfigurationError> errors) -> new Decision.Refused(rulesVersion, errors);
        };
    }

    /** What {@link #parse} makes of the text. */
    public sealed interface Parsed {
        /** Every property has a meaning; whether the whole is valid is for the decision to say. */
        record Typed(VmConfiguration configuration) implements Parsed {}

        /** Some property has none. */
        record Unreadable(List<ConfigurationError> errors) implements Parsed {
            public Unreadable {
                errors = List.copyOf(errors);
            }
        }
    }
}
