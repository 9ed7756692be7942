package io.viommufleet.common.viommu;

import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/** The values from which a typed vIOMMU is made, each in its canonical spelling. */
final class PropertyValues {
    private final Map<String, String> textByName = new HashMap<>();

    void set(PropertyDefinition<?, ?> property, String canonicalText) {
        textByName.put(property.name(), canonicalText);
    }

    /** The value of a property, if it is set. */
    <T> Optional<T> of(PropertyDefinition<?, T> property) {
        return Optional.ofNullable(textByName.get(property.name()))
                .flatMap(text -> property.type().read(text));
    }
}
