package io.viommufleet.common.viommu;

import java.util.Optional;
import java.util.function.Function;

/** What a vIOMMU property is when the configuration leaves it unset. */
public sealed interface DefaultValue<T> {

    /** The same value everywhere. */
    record Fixed<T>(T value) implements DefaultValue<T> {}

    /** A value that depends on the machine type. */
    record ByMachine<T>(Function<MachineDefaults, Optional<T>> value) implements DefaultValue<T> {}

    /** Unset is a meaning of its own. */
    record Absent<T>() implements DefaultValue<T> {}
}
