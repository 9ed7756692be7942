package io.viommufleet.common.input;

import io.viommufleet.common.viommu.Property;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** One {@code -device}: its driver, and its properties in the order written. One thread. */
final class QemuDevice {
    private final String driver;
    private final List<Property> properties = new ArrayList<>();

    QemuDevice(String driver) {
        this.driver = driver;
    }

    String driver() {
        return driver;
    }

    List<Property> properties() {
        return List.copyOf(properties);
    }

    /** Adds a property, even if there is one of this name. */
    QemuDevice with(String name, String value) {
        properties.add(new Property(name, value));
        return this;
    }

    /** Adds a property where there is a value. */
    QemuDevice with(String name, Optional<String> value) {
        value.ifPresent(present -> with(name, present));
        return this;
    }

    /** Sets a property, whatever it was. */
    void replace(String name, String value) {
        remove(name);
        with(name, value);
    }

    void remove(String name) {
        properties.removeIf(property -> property.name().equals(name));
    }

    /** The last value of a property: QEMU lets a later one win. */
    Optional<String> get(String name) {
        return properties.stream()
                .filter(property -> property.name().equals(name))
                .reduce((first, last) -> last)
                .map(Property::value);
    }
}
