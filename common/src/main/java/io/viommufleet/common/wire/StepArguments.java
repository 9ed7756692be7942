package io.viommufleet.common.wire;

import static io.viommufleet.common.viommu.Names.list;

import io.viommufleet.common.model.GuestStep.IovaSpan;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The {@code name=value} words of one step. What is wrong with them is told by an {@link IllegalArgumentException}. */
final class StepArguments {
    private static final String ADDRESS = "an unsigned 64-bit number, decimal or with 0x in hexadecimal";

    private final String verb;
    private final Map<String, String> values;

    private StepArguments(String verb, Map<String, String> values) {
        this.verb = verb;
        this.values = values;
    }

    static StepArguments of(String verb, List<String> known, List<String> words) {
        Map<String, String> values = new LinkedHashMap<>();
        for (String word : words) {
            int equals = word.indexOf('=');
            String name = equals < 0 ? word : word.substring(0, equals);
            if (!known.contains(name)) {
                throw new IllegalArgumentException(
                        known.isEmpty()
                                ? "%s takes no arguments, not '%s'".formatted(verb, word)
                                : GuestStepText.unknown("an argument of " + verb, name, known));
            }
            if (equals < 0 || values.put(name, word.substring(equals + 1)) != null) {
                throw new IllegalArgumentException(
                        equals < 0 ? "%s needs a value: %s=…".formatted(name, name) : name + " is given twice");
            }
        }
        return new StepArguments(verb, values);
    }

    boolean hasAny(String... names) {
        return List.of(names).stream().anyMatch(values::containsKey);
    }

    /** One of a few words. */
    Optional<String> word(String name, List<String> allowed) {
        Optional<String> word = Optional.ofNullable(values.get(name));
        word.filter(value -> !allowed.contains(value)).ifPresent(value -> {
            throw refused(name, value, list(allowed.stream()));
        });
        return word;
    }

    Optional<Integer> number(String name, int most) {
        return address(name, "a number from 0 to " + most).map(value -> {
            if (Long.compareUnsigned(value, most) > 0) {
                throw refused(name, values.get(name), "a number from 0 to " + most);
            }
            return value.intValue();
        });
    }

    Optional<Long> address(String name) {
        return address(name, ADDRESS);
    }

    long requiredAddress(String name) {
        return address(name).orElseThrow(() -> missing(name));
    }

    /** The range of {@code iova} and {@code length}, both of which must be given. */
    IovaSpan span() {
        long start = requiredAddress("iova");
        String length = Optional.ofNullable(values.get("length")).orElseThrow(() -> missing("length"));
        return new IovaSpan(
                start, MemorySize.parse(length).orElseThrow(() -> refused("length", length, MemorySize.ALLOWED)));
    }

    private Optional<Long> address(String name, String allowed) {
        return Optional.ofNullable(values.get(name)).map(value -> {
            try {
                return value.startsWith("0x") || value.startsWith("0X")
                        ? Long.parseUnsignedLong(value.substring(2), 16)
                        : Long.parseUnsignedLong(value);
            } catch (NumberFormatException noNumber) {
                throw refused(name, value, allowed);
            }
        });
    }

    private IllegalArgumentException missing(String name) {
        return new IllegalArgumentException("%s needs %s=…".formatted(verb, name));
    }

    private static IllegalArgumentException refused(String name, @Nullable String value, String allowed) {
        return new IllegalArgumentException("%s='%s' is not allowed: write %s".formatted(name, value, allowed));
    }
}
