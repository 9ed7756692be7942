package io.viommufleet.common.viommu;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.IntStream;

/** Finds the vIOMMUs that QEMU refuses to create: each by itself, on this machine, and together. */
final class ViommuCheck {
    private final VmConfiguration configuration;
    private final MachineType machine;
    private final Rules rules;

    /** Of a configuration whose defaults are filled in. */
    ViommuCheck(VmConfiguration configuration, MachineType machine, Rules rules) {
        this.configuration = configuration;
        this.machine = machine;
        this.rules = rules;
    }

    /** The errors in the vIOMMUs, in the order of the vIOMMUs. */
    List<ConfigurationError> check() {
        List<ConfigurationError> errors = new ArrayList<>();
        for (int i = 0; i < configuration.viommus().size(); i++) {
            Viommu viommu = configuration.viommus().get(i);
            String path = "viommus[%s]".formatted(i);
            checkMachine(path, viommu).ifPresent(errors::add);
            checkTogether(i).ifPresent(errors::add);
            if (viommu.missing().isEmpty()) {
                rules.validity()
                        .forEach(rule -> rule.check(path, viommu, configuration.machine())
                                .ifPresent(errors::add));
            } else {
                viommu.missing().forEach(property -> errors.add(defaultUnknown(path, property)));
            }
        }
        return errors;
    }

    /** The vIOMMUs with a property that only a device could resolve, and without a device. The topology must be valid. */
    List<ConfigurationError> checkHostResolved(GuestTopology topology) {
        List<ConfigurationError> errors = new ArrayList<>();
        for (int i = 0; i < configuration.viommus().size(); i++) {
            if (governsAny(i, topology)) {
                continue;
            }
            for (HostResolvedRule<?> rule : rules.hostResolved()) {
                Optional<Property> open = rule.check(configuration.viommus().get(i));
                if (rule.needsDevice() && open.isPresent()) {
                    errors.add(noDevice("viommus[%s]".formatted(i), open.get()));
                }
            }
        }
        return errors;
    }

    private boolean governsAny(int viommu, GuestTopology topology) {
        return configuration.devices().stream()
                .filter(device -> device.kind() == DeviceKind.PCI)
                .anyMatch(device -> topology.placeOf(device).viommu().equals(OptionalInt.of(viommu)));
    }

    private Optional<ConfigurationError> checkMachine(String path, Viommu viommu) {
        if (viommu.model().fits(machine.family())) {
            return Optional.empty();
        }
        return Optional.of(new ConfigurationError(
                path + ".model",
                viommu.model().toString(),
                "wrong-machine",
                "the machine %s takes no %s: it goes with %s"
                        .formatted(
                                machine.name(), viommu.model(), viommu.model().machines())));
    }

    /** One vIOMMU per machine, or else each set up on a root bus of its own. */
    private Optional<ConfigurationError> checkTogether(int index) {
        List<Viommu> viommus = configuration.viommus();
        Viommu viommu = viommus.get(index);
        if (index > 0 && !viommus.stream().allMatch(Viommu::perBus)) {
            return Optional.of(new ConfigurationError(
                    "viommus[%s].model".formatted(index),
                    viommu.model().toString(),
                    "one-viommu-per-machine",
                    "a machine has one vIOMMU, or several arm-smmuv3 that each have a primary-bus"));
        }
        return IntStream.range(0, index)
                .filter(earlier ->
                        viommu.perBus() && viommus.get(earlier).primaryBus().equals(viommu.primaryBus()))
                .mapToObj(earlier -> new ConfigurationError(
                        "viommus[%s].primary-bus".formatted(index),
                        viommu.primaryBus().orElse("unset"),
                        "one-viommu-per-bus",
                        "viommus[%s] is on that bus already".formatted(earlier)))
                .findFirst();
    }

    private ConfigurationError defaultUnknown(String path, String property) {
        return new ConfigurationError(
                path + "." + property,
                "unset",
                "default-unknown",
                "the machine %s does not tell what %s is by default: write it out".formatted(machine.name(), property));
    }

    private static ConfigurationError noDevice(String path, Property open) {
        return new ConfigurationError(
                path + "." + open.name(),
                open.value(),
                "auto-needs-device",
                "%s=%s is resolved from the first passthrough PCI device behind the vIOMMU, and there is none: choose on"
                                .formatted(open.name(), open.value())
                        + " or off");
    }
}
