package io.viommufleet.common.viommu;

import java.util.List;
import java.util.function.Predicate;

/**
 * A vIOMMU of a model has a flag if all conditions hold (QEMU {@code get_viommu_flags} of the model).
 *
 * @param conditions in the order in which they are consulted
 */
record FlagRule<V extends Viommu>(ViommuFlag flag, Class<V> model, List<Condition<V>> conditions) {

    /** A property with what must be true of it. */
    record Condition<V extends Viommu>(PropertyDefinition<V, ?> property, Predicate<V> holds) {}

    static <V extends Viommu> Condition<V> on(PropertyDefinition<V, Boolean> property) {
        return new Condition<>(property, property::in);
    }

    static <V extends Viommu> Condition<V> positive(PropertyDefinition<V, Integer> property) {
        return new Condition<>(property, viommu -> property.in(viommu) > 0);
    }

    static <V extends Viommu> Condition<V> width(PropertyDefinition<V, BitsOrAuto> property) {
        return new Condition<>(property, viommu -> property.in(viommu).isPositive());
    }

    boolean appliesTo(Viommu viommu) {
        return model.isInstance(viommu);
    }

    /**
     * Whether the vIOMMU has the flag.
     *
     * @param consulted receives the properties that were looked at, with their values; those after the first condition
     *     that fails are not looked at
     */
    boolean holds(Viommu viommu, List<Property> consulted) {
        V typed = model.cast(viommu);
        for (Condition<V> condition : conditions) {
            condition
                    .property()
                    .textIn(typed)
                    .map(text -> new Property(condition.property().name(), text))
                    .filter(property -> !consulted.contains(property))
                    .ifPresent(consulted::add);
            if (!condition.holds().test(typed)) {
                return false;
            }
        }
        return true;
    }
}
