package io.viommufleet.common.viommu;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Stream;

/**
 * The properties that QEMU knows of a vIOMMU model.
 *
 * @param properties those that the vIOMMU is made of
 * @param neutral names that QEMU accepts and that say nothing about what the vIOMMU does: its id, its own address
 * @param retired names that newer versions of QEMU no longer know
 * @param constructor makes the typed vIOMMU
 */
public record PropertyTable<V extends Viommu>(
        List<PropertyDefinition<V, ?>> properties,
        List<String> neutral,
        List<String> retired,
        Function<PropertyValues, V> constructor) {
    public PropertyTable {
        properties = List.copyOf(properties);
        neutral = List.copyOf(neutral);
        retired = List.copyOf(retired);
    }

    /** The property that users may write by this name. */
    public Optional<PropertyDefinition<V, ?>> find(String spelling) {
        return properties.stream()
                .filter(property -> property.isSpelled(spelling))
                .findFirst();
    }

    /**
     * Reads a vIOMMU from its properties, in any spelling and order.
     *
     * <p>A property given twice with one meaning is one property. Given with two meanings, under one spelling or two,
     * it is an error: nobody can know which was meant.
     *
     * @param path where the vIOMMU is, such as {@code viommus[0]}
     */
    public ParsedViommu parse(String path, List<Property> written) {
        PropertyValues values = new PropertyValues();
        Map<String, Property> firstByName = new LinkedHashMap<>();
        List<ConfigurationError> errors = new ArrayList<>();
        for (Property property : written) {
            if (neutral.contains(property.name())) {
                continue;
            }
            Optional<PropertyDefinition<V, ?>> definition = find(property.name());
            if (definition.isEmpty()) {
                errors.add(unknown(path, property));
                continue;
            }
            Optional<String> canonical = canonicalText(definition.get(), property.value());
            if (canonical.isEmpty()) {
                errors.add(badValue(path, definition.get(), property));
                continue;
            }
            String name = definition.get().name();
            Property first = firstByName.putIfAbsent(name, property);
            if (first != null && !canonicalText(definition.get(), first.value()).equals(canonical)) {
                errors.add(givenTwice(path + "." + name, first, property));
            }
            values.set(definition.get(), canonical.get());
        }
        return errors.isEmpty()
                ? new ParsedViommu(Optional.of(constructor.apply(values)), List.of())
                : new ParsedViommu(Optional.empty(), errors);
    }

    /** The properties that are set, by their canonical names and spellings, in the order of this table. */
    List<Property> write(V viommu) {
        return properties.stream()
                .flatMap(property -> property.textIn(viommu).map(text -> new Property(property.name(), text)).stream())
                .toList();
    }

    /** The same vIOMMU with its unset properties as the machine has them by default. */
    V withDefaults(V viommu, MachineDefaults machine) {
        PropertyValues values = new PropertyValues();
        for (PropertyDefinition<V, ?> property : properties) {
            property.textIn(viommu)
                    .or(() -> property.defaultText(machine))
                    .ifPresent(text -> values.set(property, text));
        }
        return constructor.apply(values);
    }

    /** The names of the properties that are unset in a vIOMMU although they must have a value. */
    List<String> missing(V viommu) {
        return properties.stream()
                .filter(property -> !(property.defaultValue() instanceof DefaultValue.Absent))
                .filter(property -> property.textIn(viommu).isEmpty())
                .map(PropertyDefinition::name)
                .toList();
    }

    private static <T> Optional<String> canonicalText(PropertyDefinition<?, T> property, String text) {
        return property.type().read(text).map(property.type()::write);
    }

    private ConfigurationError unknown(String path, Property property) {
        String field = path + "." + property.name();
        if (retired.contains(property.name())) {
            return new ConfigurationError(
                    field,
                    property.value(),
                    "retired-property",
                    "%s was removed from QEMU and has no effect on the vIOMMU any more: leave it out"
                            .formatted(property.name()));
        }
        List<String> known = properties.stream()
                .flatMap(one -> Stream.concat(Stream.of(one.name()), one.otherSpellings().stream()))
                .toList();
        String hint = Names.nearest(property.name(), known)
                .map(name -> "did you mean %s?".formatted(name))
                .orElseGet(() -> "known are " + Names.list(properties.stream().map(PropertyDefinition::name)));
        return new ConfigurationError(
                field,
                property.value(),
                "unknown-property",
                "unknown property %s: %s".formatted(property.name(), hint));
    }

    private static ConfigurationError badValue(String path, PropertyDefinition<?, ?> definition, Property property) {
        return new ConfigurationError(
                path + "." + definition.name(),
                property.value(),
                "bad-value",
                "%s=%s is not allowed: write %s"
                        .formatted(
                                property.name(),
                                property.value(),
                                definition.type().allowed()));
    }

    private static ConfigurationError givenTwice(String field, Property first, Property second) {
        return new ConfigurationError(
                field,
                second.value(),
                "given-twice",
                "%s=%s and %s=%s contradict each other: keep one"
                        .formatted(first.name(), first.value(), second.name(), second.value()));
    }
}
