package io.viommufleet.common.viommu;

import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.regex.Pattern;
import java.util.stream.IntStream;

/**
 * The type of a vIOMMU property: how its values are spelled. Every value has one canonical spelling, and reading that
 * gives the value back.
 *
 * @param allowed the allowed values, for messages and documentation
 * @param reader a value from any of its spellings; empty if it is none
 * @param writer the canonical spelling
 */
public record ValueType<T>(String allowed, Function<String, Optional<T>> reader, Function<T, String> writer) {
    private static final Pattern DECIMAL = Pattern.compile("0|[1-9][0-9]{0,19}");
    private static final Pattern HEXADECIMAL = Pattern.compile("0[xX][0-9a-fA-F]{1,16}");
    private static final Pattern BUS = Pattern.compile("[^\\s,]+");
    private static final List<String> TRUE = List.of("on", "yes", "true", "y");
    private static final List<String> FALSE = List.of("off", "no", "false", "n");

    /** QEMU's boolean. */
    static final ValueType<Boolean> BOOL =
            new ValueType<>("on (yes, true) or off (no, false)", ValueType::readBool, value -> value ? "on" : "off");

    /** QEMU's OnOffAuto; a boolean's spellings of on and off are understood too. */
    static final ValueType<OnOffAuto> ON_OFF_AUTO =
            new ValueType<>("on, off or auto", ValueType::readOnOffAuto, OnOffAuto::toString);

    /** An unsigned 64-bit number, in decimal or with 0x in hexadecimal. */
    static final ValueType<Long> UNSIGNED_64 =
            new ValueType<>("an unsigned 64-bit number", ValueType::readUnsigned, Long::toUnsignedString);

    /** The id of a PCI bus. */
    static final ValueType<String> BUS_ID = new ValueType<>(
            "the id of a PCI bus",
            text -> Optional.of(text).filter(id -> BUS.matcher(id).matches()),
            id -> id);

    /** The value that {@code text} spells. */
    public Optional<T> read(String text) {
        return reader.apply(text);
    }

    /** The canonical spelling of {@code value}. */
    public String write(T value) {
        return writer.apply(value);
    }

    /** A number from 0 to {@code maximum}, in decimal or with 0x in hexadecimal. */
    static ValueType<Integer> upTo(int maximum) {
        return new ValueType<>(
                "0 to " + maximum,
                text -> readUnsigned(text)
                        .filter(number -> number >= 0 && number <= maximum)
                        .map(Long::intValue),
                number -> Integer.toString(number));
    }

    /** A width up to {@code maximum} that was a boolean once: {@code off} is 0, {@code on} names no width. */
    static ValueType<Integer> widthOnceBool(int maximum) {
        ValueType<Integer> width = upTo(maximum);
        return new ValueType<>(
                width.allowed + " bits (on was a boolean's value and names no width)",
                text -> readBool(text).filter(on -> !on).map(off -> 0).or(() -> width.read(text)),
                width.writer);
    }

    /** One of the values of an enum. */
    static <E extends Enum<E>> ValueType<E> oneOf(Class<E> type) {
        List<E> values = List.of(type.getEnumConstants());
        return new ValueType<>(
                Names.list(values.stream()), text -> Names.find(values, Enum::toString, text), Enum::toString);
    }

    /** {@code auto}, or one of these widths. */
    static ValueType<BitsOrAuto> autoOr(IntStream widths) {
        List<BitsOrAuto> known = IntStream.concat(IntStream.of(-1), widths)
                .mapToObj(width -> width < 0 ? BitsOrAuto.AUTO : BitsOrAuto.of(width))
                .toList();
        return new ValueType<>(
                Names.list(known.stream()),
                text -> known.stream()
                        .filter(width -> width.toString().equals(text))
                        .findFirst(),
                BitsOrAuto::toString);
    }

    private static Optional<Boolean> readBool(String text) {
        return TRUE.contains(text) ? Optional.of(true) : FALSE.contains(text) ? Optional.of(false) : Optional.empty();
    }

    private static Optional<OnOffAuto> readOnOffAuto(String text) {
        return readBool(text).map(on -> on ? OnOffAuto.ON : OnOffAuto.OFF).or(() -> OnOffAuto.named(text));
    }

    private static Optional<Long> readUnsigned(String text) {
        try {
            if (HEXADECIMAL.matcher(text).matches()) {
                return Optional.of(Long.parseUnsignedLong(text.substring(2), 16));
            }
            return DECIMAL.matcher(text).matches() ? Optional.of(Long.parseUnsignedLong(text)) : Optional.empty();
        } catch (NumberFormatException tooLarge) {
            return Optional.empty();
        }
    }
}
