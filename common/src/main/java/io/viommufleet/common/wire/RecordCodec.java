package io.viommufleet.common.wire;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.viommufleet.common.FleetError;
import io.viommufleet.common.FleetException;
import io.viommufleet.common.model.Envelope;
import io.viommufleet.common.model.FleetRecord;
import io.viommufleet.common.model.FleetTopic;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Optional;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * Envelopes to JSON bytes and back. The same envelope always gives the same bytes. Thread-safe.
 *
 * <p>{@code {"type":"placement","schema":1,"cell":0,"generation":3,"epoch":7,"step":12,"value":{…}}}; an agent's record has
 * {@code boot}, {@code incarnation} and {@code sequence} instead of {@code epoch} and {@code step}, a user's neither. The
 * names {@code keyId} and {@code signature} are reserved.
 */
public final class RecordCodec {
    /** The one schema version that this program writes and reads. */
    public static final int SCHEMA = 1;

    /** The largest value that is read or written. */
    public static final int MAX_VALUE_BYTES = 512 << 10;

    private static final JsonMapper MAPPER = RecordModule.mapper();

    private RecordCodec() {}

    /** The Kafka key of a value. */
    public static byte[] key(FleetRecord value) {
        return value.key().getBytes(UTF_8);
    }

    /**
     * The Kafka value of an envelope.
     *
     * @throws FleetException if it is larger than {@link #MAX_VALUE_BYTES}, or its origin may not write its topic
     */
    public static byte[] encode(Envelope envelope) {
        EnvelopeHead head = EnvelopeHead.of(envelope);
        ObjectNode tree = MAPPER.createObjectNode();
        tree.put("type", RecordType.of(envelope.value()).toString()).put("schema", SCHEMA);
        head.write(tree);
        tree.set("value", MAPPER.valueToTree(envelope.value()));
        byte[] bytes = MAPPER.writeValueAsBytes(tree);
        if (bytes.length > MAX_VALUE_BYTES) {
            throw new FleetException(
                    FleetError.FAILED,
                    "%s '%s' is %d bytes; a record has at most %d"
                            .formatted(
                                    RecordType.of(envelope.value()),
                                    envelope.value().key(),
                                    bytes.length,
                                    MAX_VALUE_BYTES));
        }
        return bytes;
    }

    /** The value alone as a tree. */
    public static JsonNode tree(FleetRecord value) {
        return MAPPER.valueToTree(value);
    }

    /**
     * Reads a value alone, as {@link #tree} writes it.
     *
     * @throws JacksonException if the tree is none of that type
     */
    public static <T extends FleetRecord> T read(JsonNode tree, Class<T> type) {
        return MAPPER.treeToValue(tree, type);
    }

    /** The value alone as canonical JSON: the same value always gives the same text. */
    public static String canonical(FleetRecord value) {
        return MAPPER.writeValueAsString(MAPPER.<JsonNode>valueToTree(value));
    }

    /** SHA-256 of {@link #canonical}, in lower-case hexadecimal. */
    public static String digest(FleetRecord value) {
        try {
            byte[] digest =
                    MessageDigest.getInstance("SHA-256").digest(canonical(value).getBytes(UTF_8));
            return HexFormat.of().formatHex(digest);
        } catch (NoSuchAlgorithmException impossible) {
            throw new IllegalStateException("every Java has SHA-256", impossible);
        }
    }

    /**
     * Reads one Kafka record.
     *
     * @param topic where it lies
     * @param cell the cell of the partition that it lies in
     * @param key the record's key
     * @param value the record's value; null for a tombstone
     */
    public static Decoded decode(FleetTopic topic, int cell, byte @Nullable [] key, byte @Nullable [] value) {
        if (key == null) {
            return unreadable("the record has no key", value);
        }
        if (value == null) {
            return new Decoded.Tombstone(new String(key, UTF_8));
        }
        if (value.length > MAX_VALUE_BYTES) {
            return unreadable(
                    "the value is too large: %d bytes; at most %d are read".formatted(value.length, MAX_VALUE_BYTES),
                    value);
        }
        try {
            Envelope envelope = read(topic, cell, MAPPER.readTree(value));
            requireKey(new String(key, UTF_8), envelope.value());
            return new Decoded.Ok(envelope);
        } catch (Unfit unfit) {
            return unreadable(unfit.getMessage(), value);
        } catch (JacksonException malformed) {
            return unreadable("the value is not well-formed JSON: " + where(malformed), value);
        }
    }

    /** The first bytes of a value as text on one line, other bytes than printable ASCII escaped. */
    public static String head(byte @Nullable [] value) {
        return value == null ? "" : Printable.head(value);
    }

    private static Envelope read(FleetTopic topic, int cell, JsonNode tree) throws Unfit {
        RecordType type = type(tree);
        requireSchema(tree);
        EnvelopeHead head = EnvelopeHead.read(topic.writer(), tree);
        FleetRecord value = value(type, tree);
        if (value.topic() != topic) {
            throw new Unfit("type %s does not belong on %s; it belongs on %s"
                    .formatted(type, topic.topicName(), value.topic().topicName()));
        }
        int named = head.cell().or(() -> EnvelopeHead.cellOf(value)).orElse(cell);
        if (named != cell || EnvelopeHead.cellOf(value).orElse(cell) != cell) {
            throw new Unfit("the record is for cell %d and lies in a partition of cell %d"
                    .formatted(
                            named != cell ? named : EnvelopeHead.cellOf(value).orElse(cell), cell));
        }
        return new Envelope(cell, head.generation(), head.origin(), value);
    }

    private static RecordType type(JsonNode tree) throws Unfit {
        if (!tree.isObject()) {
            throw new Unfit("the value is no JSON object");
        }
        JsonNode type = tree.path("type");
        Optional<RecordType> known = type.isString() ? RecordType.named(type.asString()) : Optional.empty();
        return known.orElseThrow(() -> new Unfit("unknown record type %s; known are %s"
                .formatted(
                        Printable.text(type.toString()),
                        Arrays.stream(RecordType.values())
                                .map(RecordType::toString)
                                .collect(Collectors.joining(", ")))));
    }

    private static void requireSchema(JsonNode tree) throws Unfit {
        JsonNode schema = tree.path("schema");
        if (!schema.isIntegralNumber() || !schema.canConvertToInt() || schema.intValue() != SCHEMA) {
            throw new Unfit("unknown schema version %s; supported: %d"
                    .formatted(schema.isMissingNode() ? "(none)" : Printable.text(schema.toString()), SCHEMA));
        }
    }

    private static FleetRecord value(RecordType type, JsonNode tree) throws Unfit {
        JsonNode value = tree.path("value");
        if (!value.isObject()) {
            throw new Unfit("the envelope has no value");
        }
        try {
            return MAPPER.treeToValue(value, type.recordClass());
        } catch (JacksonException refused) {
            throw new Unfit("%s cannot be read: %s".formatted(type, where(refused)));
        }
    }

    private static void requireKey(String key, FleetRecord value) throws Unfit {
        if (!key.equals(value.key())) {
            throw new Unfit("the record's key is '%s' and its value is about '%s'"
                    .formatted(Printable.text(key), Printable.text(value.key())));
        }
    }

    /** Jackson's message without its Java types and source excerpt, with the path. */
    private static String where(JacksonException failure) {
        String path = failure.getPath().stream()
                .map(step -> step.getPropertyName() == null ? "[" + step.getIndex() + "]" : step.getPropertyName())
                .collect(Collectors.joining("."));
        Throwable cause = failure.getCause() instanceof IllegalArgumentException refused ? refused : failure;
        String message = cause instanceof JacksonException jackson ? jackson.getOriginalMessage() : cause.getMessage();
        return (path.isEmpty() ? "" : path + ": ") + Printable.text(String.valueOf(message));
    }

    private static Decoded unreadable(@Nullable String reason, byte @Nullable [] value) {
        return new Decoded.Unreadable(String.valueOf(reason), head(value));
    }

    /** Why a record does not fit; never leaves this package. */
    static final class Unfit extends Exception {
        private static final long serialVersionUID = 1L;

        Unfit(String message) {
            super(message);
        }
    }
}
