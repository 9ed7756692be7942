package io.viommufleet.common.viommu;

import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.OptionalInt;
import java.util.stream.IntStream;

/** What the rules say about a valid configuration in canonical order. */
final class Evaluation {
    private final VmConfiguration canonical;
    private final Rules rules;
    private final GuestTopology topology;

    Evaluation(VmConfiguration canonical, MachineFamily family, Rules rules) {
        this.canonical = canonical;
        this.rules = rules;
        this.topology = new GuestTopology(canonical, family);
    }

    Decision.Decided decided() {
        List<GuestTopology.Place> places =
                canonical.devices().stream().map(topology::placeOf).toList();
        List<DeviceDecision> devices = IntStream.range(0, places.size())
                .mapToObj(i -> decide(i, places.get(i)))
                .toList();
        String digest = Preimage.digest(rules.version(), canonical, places);
        return new Decision.Decided(
                new Certificate(rules.version(), digest, devices),
                dooms(places),
                hostRequirements(),
                hostResolved(),
                canonical);
    }

    private DeviceDecision decide(int index, GuestTopology.Place place) {
        GuestDevice device = canonical.devices().get(index);
        EnumSet<ViommuFlag> flags = EnumSet.noneOf(ViommuFlag.class);
        List<ConfigurationField> followsFrom = new ArrayList<>();
        if (device.kind() != DeviceKind.PCI) {
            followsFrom.add(new ConfigurationField(
                    "devices[%s].kind".formatted(index), device.kind().toString()));
        } else if (place.bypass()) {
            followsFrom.add(bypassSwitch(device));
        } else if (place.viommu().isEmpty()) {
            followsFrom.addAll(noViommu());
        } else {
            followsFrom.addAll(consult(place.viommu().getAsInt(), flags));
        }
        return new DeviceDecision(device.id(), flags, followsFrom, place.viommu(), place.bypass(), place.aliased());
    }

    /** Adds the flags of a vIOMMU, and says which of its fields they followed from. */
    private List<ConfigurationField> consult(int index, EnumSet<ViommuFlag> flags) {
        Viommu viommu = canonical.viommus().get(index);
        List<Property> consulted = new ArrayList<>();
        rules.flags().stream()
                .filter(rule -> rule.appliesTo(viommu))
                .filter(rule -> rule.holds(viommu, consulted))
                .forEach(rule -> flags.add(rule.flag()));
        if (consulted.isEmpty()) {
            consulted.add(new Property("model", viommu.model().toString()));
        }
        return consulted.stream()
                .map(property ->
                        new ConfigurationField("viommus[%s].%s".formatted(index, property.name()), property.value()))
                .toList();
    }

    private ConfigurationField bypassSwitch(GuestDevice device) {
        String root = topology.rootOf(device.bus());
        return IntStream.range(0, canonical.buses().size())
                .filter(i -> canonical.buses().get(i).id().equals(root))
                .mapToObj(i -> new ConfigurationField("buses[%s].bypass-iommu".formatted(i), "on"))
                .findFirst()
                .orElse(new ConfigurationField("machine.default-bus-bypass-iommu", "on"));
    }

    /** Why no vIOMMU governs a bus: there is none, or each has a bus of its own elsewhere. */
    private List<ConfigurationField> noViommu() {
        if (canonical.viommus().isEmpty()) {
            return List.of(new ConfigurationField("viommus", "none"));
        }
        return IntStream.range(0, canonical.viommus().size())
                .mapToObj(i -> new ConfigurationField(
                        "viommus[%s].primary-bus".formatted(i),
                        canonical.viommus().get(i).primaryBus().orElse("unset")))
                .toList();
    }

    private List<Doom> dooms(List<GuestTopology.Place> places) {
        List<Doom> dooms = new ArrayList<>();
        for (int i = 0; i < places.size(); i++) {
            GuestDevice device = canonical.devices().get(i);
            OptionalInt viommu = places.get(i).viommu();
            if (device.kind() == DeviceKind.PCI && viommu.isPresent()) {
                DoomRule.Behind behind =
                        new DoomRule.Behind(device, places.get(i).aliased(), emulatedEndpointsBehind(viommu));
                Viommu governing = canonical.viommus().get(viommu.getAsInt());
                rules.dooms().forEach(rule -> rule.check(governing, behind).ifPresent(dooms::add));
            }
        }
        return dooms;
    }

    private List<String> emulatedEndpointsBehind(OptionalInt viommu) {
        return canonical.emulatedEndpoints().stream()
                .filter(endpoint -> topology.placeOn(endpoint.bus()).viommu().equals(viommu))
                .map(EmulatedEndpoint::id)
                .toList();
    }

    private List<HostRequirement> hostRequirements() {
        List<HostRequirement> requirements = new ArrayList<>();
        for (int i = 0; i < canonical.viommus().size(); i++) {
            Viommu viommu = canonical.viommus().get(i);
            String path = "viommus[%s]".formatted(i);
            rules.hostRequirements()
                    .forEach(rule ->
                            rule.check(path, viommu, canonical.machine()).ifPresent(requirements::add));
        }
        return requirements;
    }

    private List<HostResolvedProperty> hostResolved() {
        List<HostResolvedProperty> open = new ArrayList<>();
        for (int i = 0; i < canonical.viommus().size(); i++) {
            for (HostResolvedRule<?> rule : rules.hostResolved()) {
                int viommu = i;
                rule.check(canonical.viommus().get(i))
                        .map(property -> new HostResolvedProperty(viommu, property.name(), property.value()))
                        .ifPresent(open::add);
            }
        }
        return open;
    }
}
