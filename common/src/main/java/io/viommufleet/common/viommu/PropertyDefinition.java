package io.viommufleet.common.viommu;

import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/**
 * A property of a vIOMMU model.
 *
 * @param name the canonical name: QEMU's newest
 * @param otherSpellings QEMU's older names of the same property
 * @param type how its values are spelled
 * @param defaultValue what it is when unset
 * @param field where a typed vIOMMU has it
 */
public record PropertyDefinition<V extends Viommu, T>(
        String name,
        List<String> otherSpellings,
        ValueType<T> type,
        DefaultValue<T> defaultValue,
        Function<V, Optional<T>> field) {
    public PropertyDefinition {
        otherSpellings = List.copyOf(otherSpellings);
    }

    /** A property with one default everywhere. */
    static <V extends Viommu, T> PropertyDefinition<V, T> property(
            String name, ValueType<T> type, T defaultValue, Function<V, Optional<T>> field) {
        return new PropertyDefinition<>(name, List.of(), type, new DefaultValue.Fixed<>(defaultValue), field);
    }

    /** A property whose default depends on the machine type. */
    static <V extends Viommu, T> PropertyDefinition<V, T> byMachine(
            String name,
            ValueType<T> type,
            Function<MachineDefaults, Optional<T>> defaultValue,
            Function<V, Optional<T>> field) {
        return new PropertyDefinition<>(name, List.of(), type, new DefaultValue.ByMachine<>(defaultValue), field);
    }

    /** A property that may stay absent. */
    static <V extends Viommu, T> PropertyDefinition<V, T> optional(
            String name, ValueType<T> type, Function<V, Optional<T>> field) {
        return new PropertyDefinition<>(name, List.of(), type, new DefaultValue.Absent<>(), field);
    }

    /** The same property, also known by older spellings. */
    PropertyDefinition<V, T> formerly(String... spellings) {
        return new PropertyDefinition<>(name, List.of(spellings), type, defaultValue, field);
    }

    /** The value in a vIOMMU whose defaults are filled in. */
    T in(V viommu) {
        return field.apply(viommu)
                .orElseThrow(() -> new IllegalStateException(
                        "%s of %s has no value: fill in the defaults first".formatted(name, viommu.model())));
    }

    /** The canonical spelling of the value in a vIOMMU, if it is set. */
    public Optional<String> textIn(V viommu) {
        return field.apply(viommu).map(type::write);
    }

    /** The canonical spelling of the default on a machine; empty if there is none. */
    Optional<String> defaultText(MachineDefaults machine) {
        return switch (defaultValue) {
            case DefaultValue.Fixed<T>(T value) -> Optional.of(type.write(value));
            case DefaultValue.ByMachine<T>(var value) -> value.apply(machine).map(type::write);
            case DefaultValue.Absent<T>() -> Optional.empty();
        };
    }

    /** Whether users may write the property by this name. */
    public boolean isSpelled(String spelling) {
        return name.equals(spelling) || otherSpellings.contains(spelling);
    }
}
