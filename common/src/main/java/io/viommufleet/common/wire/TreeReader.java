package io.viommufleet.common.wire;

import io.viommufleet.common.viommu.Names;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;

/**
 * Reads one object of a JSON or YAML tree, key by key, and collects every error instead of stopping at the first.
 *
 * <p>Each key that is asked for becomes a known one; {@link #finish} then reports the others. Scalars are read as text,
 * because YAML and JSON disagree about what {@code on}, {@code 48} and {@code 0x10} are. One thread.
 */
public final class TreeReader {
    private static final int SHOWN_LENGTH = 80;
    private static final List<String> TRUE = List.of("true", "on", "yes");
    private static final List<String> FALSE = List.of("false", "off", "no");

    private final JsonNode node;
    private final String path;
    private final UnknownKeys unknownKeys;
    private final List<TreeError> errors;
    private final Set<String> known = new LinkedHashSet<>();

    private TreeReader(JsonNode node, String path, UnknownKeys unknownKeys, List<TreeError> errors) {
        this.node = node;
        this.path = path;
        this.unknownKeys = unknownKeys;
        this.errors = errors;
        if (!node.isObject()) {
            error("expected keys with values (a mapping)", node);
        }
    }

    /** Starts at the root of a tree. */
    public static TreeReader of(JsonNode root, UnknownKeys unknownKeys) {
        return new TreeReader(root, "", unknownKeys, new ArrayList<>());
    }

    /** Every error so far, of this object and of all others in the same tree. */
    public List<TreeError> errors() {
        return errors;
    }

    /** The path of a key, as errors name it. */
    public String pathOf(String key) {
        return path.isEmpty() ? key : path + "." + key;
    }

    /** Whether the key is there and not null. */
    public boolean has(String key) {
        return find(key).isPresent();
    }

    /** A scalar as text. */
    public Optional<String> text(String key) {
        return find(key).flatMap(value -> scalar(pathOf(key), value));
    }

    /** A scalar as text, or an error and the empty string if there is none. */
    public String requiredText(String key) {
        Optional<JsonNode> value = find(key);
        if (value.isEmpty()) {
            missing(key);
        }
        return value.flatMap(present -> scalar(pathOf(key), present)).orElse("");
    }

    /** A switch: true, on, yes; false, off, no. */
    public Optional<Boolean> bool(String key) {
        return parsed(key, "on (true, yes) or off (false, no)", TreeReader::readBool);
    }

    /** A number within bounds, decimal or with 0x hexadecimal. */
    public Optional<Integer> integer(String key, int least, int most) {
        return parsed(
                key,
                "a number from %d to %d, or with 0x in hexadecimal".formatted(least, most),
                text -> readLong(text)
                        .filter(number -> number >= least && number <= most)
                        .map(Long::intValue));
    }

    /** An unsigned 64-bit number, decimal or with 0x hexadecimal: a register. */
    public Optional<Long> unsigned64(String key) {
        return parsed(key, "an unsigned 64-bit number, decimal or with 0x in hexadecimal", TreeReader::readLong);
    }

    /** A scalar that {@code parser} understands; an error that says what is allowed where it does not. */
    public <T> Optional<T> parsed(String key, String allowed, Function<String, Optional<T>> parser) {
        return text(key).flatMap(text -> parse(pathOf(key), text, allowed, parser));
    }

    /** One of the constants of an enum, written in lower case with dashes. */
    public <E extends Enum<E>> Optional<E> word(String key, Class<E> type) {
        List<E> constants = List.of(type.getEnumConstants());
        return parsed(
                key,
                Names.list(constants.stream().map(TreeReader::word)),
                text -> constants.stream()
                        .filter(constant -> word(constant).equals(text))
                        .findFirst());
    }

    /** How {@link #word(String, Class)} reads a constant. */
    public static String word(Enum<?> constant) {
        return constant.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    /** A list of scalars; empty where the key is missing. */
    public List<String> texts(String key) {
        List<String> texts = new ArrayList<>();
        List<JsonNode> items = items(key);
        for (int index = 0; index < items.size(); index++) {
            scalar(pathOf(key) + "[" + index + "]", items.get(index)).ifPresent(texts::add);
        }
        return texts;
    }

    /** A list of scalars that {@code parser} understands. */
    public <T> List<T> parsedList(String key, String allowed, Function<String, Optional<T>> parser) {
        List<T> values = new ArrayList<>();
        List<String> texts = texts(key);
        for (int index = 0; index < texts.size(); index++) {
            parse(pathOf(key) + "[" + index + "]", texts.get(index), allowed, parser)
                    .ifPresent(values::add);
        }
        return values;
    }

    /** A list of scalars, each read by {@code parser}, whose {@link IllegalArgumentException} becomes an error there. */
    public <T> List<T> checkedList(String key, Function<String, T> parser) {
        List<T> values = new ArrayList<>();
        List<String> texts = texts(key);
        for (int index = 0; index < texts.size(); index++) {
            String text = texts.get(index);
            try {
                values.add(parser.apply(text));
            } catch (IllegalArgumentException refused) {
                String where = pathOf(key) + "[" + index + "]";
                errors.add(new TreeError(where, shorten(text), String.valueOf(refused.getMessage())));
            }
        }
        return values;
    }

    /** An object of scalars, such as labels; empty where the key is missing. */
    public Map<String, String> textMap(String key) {
        return object(key).map(TreeReader::remaining).orElse(Map.of());
    }

    /** Every scalar whose key was not asked for, in order: an object whose keys are data. */
    public Map<String, String> remaining() {
        Map<String, String> texts = new LinkedHashMap<>();
        for (String key : keys()) {
            if (!known.contains(key)) {
                text(key).ifPresent(text -> texts.put(key, text));
            }
        }
        return texts;
    }

    /** Reads an object under a key. */
    public Optional<TreeReader> object(String key) {
        return find(key).map(value -> new TreeReader(value, pathOf(key), unknownKeys, errors));
    }

    /** Reads an object under a key; without one, an error and an empty object. */
    public TreeReader requiredObject(String key) {
        Optional<TreeReader> found = object(key);
        if (found.isEmpty()) {
            missing(key);
        }
        return found.orElseGet(() ->
                new TreeReader(JsonNodeFactory.instance.objectNode(), pathOf(key), UnknownKeys.TOLERATED, errors));
    }

    /** Reads a list of objects; empty where the key is missing. */
    public List<TreeReader> objects(String key) {
        List<TreeReader> readers = new ArrayList<>();
        List<JsonNode> items = items(key);
        for (int index = 0; index < items.size(); index++) {
            readers.add(new TreeReader(items.get(index), pathOf(key) + "[" + index + "]", unknownKeys, errors));
        }
        return readers;
    }

    /** The raw node under a key, where its kind decides how to read it. */
    public Optional<JsonNode> find(String key) {
        known.add(key);
        return Optional.ofNullable(node.get(key)).filter(value -> !value.isNull());
    }

    /** The keys that are there, in order. */
    public List<String> keys() {
        return List.copyOf(node.propertyNames());
    }

    /** Notes an error at a key. */
    public void error(String key, String message) {
        errors.add(new TreeError(pathOf(key), find(key).map(TreeReader::shown).orElse(""), message));
    }

    /** Runs a check that throws {@link IllegalArgumentException}, and notes its message as an error at a key. */
    public void check(String key, Runnable check) {
        try {
            check.run();
        } catch (IllegalArgumentException refused) {
            error(key, String.valueOf(refused.getMessage()));
        }
    }

    /** Notes that a key must be there. */
    public void missing(String key) {
        if (node.isObject()) {
            errors.add(new TreeError(pathOf(key), "", "missing: %s must be given".formatted(key)));
        }
    }

    /** Reports the keys that nobody asked for, where unknown ones are refused. */
    public void finish() {
        if (unknownKeys == UnknownKeys.TOLERATED) {
            return;
        }
        for (String key : keys()) {
            if (!known.contains(key)) {
                String hint = Names.nearest(key, known)
                        .map("did you mean %s?"::formatted)
                        .orElseGet(() -> "known are " + Names.list(known.stream()));
                errors.add(new TreeError(pathOf(key), shown(node.get(key)), "unknown key %s: %s".formatted(key, hint)));
            }
        }
    }

    private List<JsonNode> items(String key) {
        Optional<JsonNode> value = find(key);
        if (value.isPresent() && !value.get().isArray()) {
            error(key, "expected a list");
            return List.of();
        }
        return value.map(list -> list.values().stream().toList()).orElse(List.of());
    }

    private Optional<String> scalar(String where, JsonNode value) {
        if (!value.isValueNode() || value.isNull()) {
            errors.add(new TreeError(where, shown(value), "expected a single value"));
            return Optional.empty();
        }
        return Optional.of(value.asString());
    }

    private <T> Optional<T> parse(String where, String text, String allowed, Function<String, Optional<T>> parser) {
        Optional<T> value = parser.apply(text);
        if (value.isEmpty()) {
            errors.add(new TreeError(
                    where, shorten(text), "'%s' is not allowed: write %s".formatted(shorten(text), allowed)));
        }
        return value;
    }

    private void error(String message, JsonNode value) {
        errors.add(new TreeError(path, shown(value), message));
    }

    private static Optional<Boolean> readBool(String text) {
        return TRUE.contains(text) ? Optional.of(true) : FALSE.contains(text) ? Optional.of(false) : Optional.empty();
    }

    private static Optional<Long> readLong(String text) {
        try {
            return Optional.of(
                    text.startsWith("0x") || text.startsWith("0X")
                            ? Long.parseUnsignedLong(text.substring(2), 16)
                            : Long.parseUnsignedLong(text));
        } catch (NumberFormatException noNumber) {
            return Optional.empty();
        }
    }

    private static String shown(JsonNode value) {
        return shorten(value.isValueNode() ? value.asString() : value.toString());
    }

    private static String shorten(String text) {
        return text.length() <= SHOWN_LENGTH ? text : text.substring(0, SHOWN_LENGTH) + "…";
    }
}
