package io.viommufleet.common.input;

import io.viommufleet.common.viommu.PropertyTable;
import io.viommufleet.common.viommu.ViommuModel;
import java.util.Optional;

/** Whether two names of a vIOMMU's property are one. */
final class Spellings {
    private Spellings() {}

    /** Whether a device has a property, by this name or by another that means the same. */
    static boolean isSet(QemuDevice device, String name) {
        Optional<? extends PropertyTable<?>> table =
                ViommuModel.named(device.driver()).map(ViommuModel::table);
        return device.properties().stream()
                .anyMatch(property -> property.name().equals(name)
                        || table.filter(known -> same(known, property.name(), name))
                                .isPresent());
    }

    private static boolean same(PropertyTable<?> table, String one, String other) {
        return table.find(one).filter(definition -> definition.isSpelled(other)).isPresent();
    }
}
