package io.viommufleet.agent.app;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.viommufleet.agent.core.Command;
import io.viommufleet.agent.core.JournalEntry;
import io.viommufleet.common.model.Attachment;
import io.viommufleet.common.model.AttachmentId;
import io.viommufleet.common.model.Envelope;
import io.viommufleet.common.model.FleetTopic;
import io.viommufleet.common.model.Origin;
import io.viommufleet.common.model.Outcome;
import io.viommufleet.common.wire.Decoded;
import io.viommufleet.common.wire.RecordCodec;
import java.util.Optional;
import java.util.zip.CRC32;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * Journal entries as lines: the CRC-32 of the JSON in eight digits, a space, the JSON. Commands and outcomes are in the form
 * that they have on the log.
 */
final class JournalCodec {
    private static final JsonMapper MAPPER = new JsonMapper();
    private static final int CHECKSUM_DIGITS = 8;

    private JournalCodec() {}

    static String line(JournalEntry entry) {
        ObjectNode tree = MAPPER.createObjectNode();
        switch (entry) {
            case JournalEntry.Settled(Command command, Outcome outcome, Command held) -> {
                tree.put("kind", "settled").set("command", tree(command));
                tree.set("outcome", tree(new Envelope(0, 0, new Origin.Agent("-", "-", 0), outcome)));
                if (!held.equals(command)) {
                    tree.set("held", tree(held));
                }
            }
            case JournalEntry.Released(AttachmentId id) ->
                tree.put("kind", "released").put("id", id.toString());
            case JournalEntry.InventoryPublished(long generation) ->
                tree.put("kind", "inventory").put("generation", generation);
            case JournalEntry.Refused(int partition, long offset) ->
                tree.put("kind", "refused").put("partition", partition).put("offset", offset);
        }
        return summed(MAPPER.writeValueAsString(tree));
    }

    /** The line that begins the journal of a boot. */
    static String header(String boot) {
        return summed(MAPPER.writeValueAsString(
                MAPPER.createObjectNode().put("kind", "boot").put("boot", boot)));
    }

    /** The boot that a line begins; empty if it is no such line. */
    static Optional<String> boot(String line) {
        return json(line)
                .filter(tree -> tree.path("kind").asString("").equals("boot"))
                .map(tree -> tree.path("boot").asString(""));
    }

    /** The entry of a line; empty if the line is not as it was written. */
    static Optional<JournalEntry> entry(String line) {
        return json(line).flatMap(JournalCodec::entry);
    }

    private static Optional<JournalEntry> entry(JsonNode tree) {
        try {
            return switch (tree.path("kind").asString("")) {
                case "settled" -> settled(tree);
                case "released" ->
                    Optional.of(new JournalEntry.Released(
                            AttachmentId.parse(tree.path("id").asString(""))));
                case "inventory" ->
                    Optional.of(new JournalEntry.InventoryPublished(
                            tree.path("generation").asLong(0)));
                case "refused" ->
                    Optional.of(new JournalEntry.Refused(
                            tree.path("partition").asInt(0), tree.path("offset").asLong(0)));
                default -> Optional.empty();
            };
        } catch (IllegalArgumentException unfit) {
            return Optional.empty();
        }
    }

    private static Optional<JournalEntry> settled(JsonNode tree) {
        Optional<Command> command = command(tree.path("command"));
        Optional<Command> held = tree.has("held") ? command(tree.path("held")) : command;
        Optional<Outcome> outcome = envelope(FleetTopic.OUTCOMES, tree.path("outcome"))
                .map(Envelope::value)
                .filter(Outcome.class::isInstance)
                .map(Outcome.class::cast);
        return command.flatMap(asked ->
                outcome.flatMap(answer -> held.map(holding -> new JournalEntry.Settled(asked, answer, holding))));
    }

    private static Optional<Command> command(JsonNode tree) {
        return envelope(FleetTopic.ATTACHMENTS, tree)
                .flatMap(envelope -> envelope.value() instanceof Attachment attachment
                                && envelope.origin() instanceof Origin.Controller leader
                        ? Optional.of(new Command(attachment, envelope.generation(), leader.epoch()))
                        : Optional.empty());
    }

    private static JsonNode tree(Command command) {
        return tree(
                new Envelope(0, command.generation(), new Origin.Controller(command.epoch(), 0), command.attachment()));
    }

    private static JsonNode tree(Envelope envelope) {
        return MAPPER.readTree(RecordCodec.encode(envelope));
    }

    private static Optional<Envelope> envelope(FleetTopic topic, JsonNode tree) {
        String key = tree.path("value").path("id").asString("");
        Decoded decoded = RecordCodec.decode(topic, 0, key.getBytes(UTF_8), MAPPER.writeValueAsBytes(tree));
        return decoded instanceof Decoded.Ok(Envelope envelope) ? Optional.of(envelope) : Optional.empty();
    }

    private static String summed(String json) {
        return checksum(json) + " " + json;
    }

    private static Optional<JsonNode> json(String line) {
        if (line.length() <= CHECKSUM_DIGITS + 1) {
            return Optional.empty();
        }
        String json = line.substring(CHECKSUM_DIGITS + 1);
        if (!line.startsWith(checksum(json) + " ")) {
            return Optional.empty();
        }
        try {
            return Optional.of(MAPPER.readTree(json));
        } catch (JacksonException malformed) {
            return Optional.empty();
        }
    }

    private static String checksum(String json) {
        CRC32 sum = new CRC32();
        sum.update(json.getBytes(UTF_8));
        return "%08x".formatted(sum.getValue());
    }
}
