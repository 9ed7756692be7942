package io.viommufleet.common.input;

import io.viommufleet.common.viommu.Property;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * QEMU's {@code first,key=value,…}: a comma within a value is doubled, a key alone is on, and {@code nokey} is off only where
 * QEMU still knows that, so it stays a key.
 *
 * @param first what stands before the first comma, if that is no {@code key=value}
 * @param options the others
 */
record OptionList(Optional<String> first, List<Property> options) {
    OptionList {
        options = List.copyOf(options);
    }

    static OptionList parse(String text) {
        List<String> parts = split(text);
        List<Property> options = new ArrayList<>();
        Optional<String> first = Optional.empty();
        for (int i = 0; i < parts.size(); i++) {
            String part = parts.get(i);
            int equals = part.indexOf('=');
            if (equals < 0 && i == 0) {
                first = Optional.of(part);
            } else if (!part.isEmpty()) {
                options.add(
                        equals < 0
                                ? new Property(part, "on")
                                : new Property(part.substring(0, equals), part.substring(equals + 1)));
            }
        }
        return new OptionList(first, options);
    }

    /** The last value of a key. */
    Optional<String> get(String key) {
        return options.stream()
                .filter(option -> option.name().equals(key))
                .reduce((earlier, later) -> later)
                .map(Property::value);
    }

    private static List<String> split(String text) {
        List<String> parts = new ArrayList<>();
        StringBuilder part = new StringBuilder();
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c != ',') {
                part.append(c);
            } else if (i + 1 < text.length() && text.charAt(i + 1) == ',') {
                part.append(c);
                i++;
            } else {
                parts.add(part.toString());
                part.setLength(0);
            }
        }
        parts.add(part.toString());
        return parts;
    }
}
