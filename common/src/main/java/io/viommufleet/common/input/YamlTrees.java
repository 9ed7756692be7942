package io.viommufleet.common.input;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.viommufleet.common.viommu.ConfigurationError;
import java.util.ArrayList;
import java.util.List;
import org.snakeyaml.engine.v2.api.LoadSettings;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;
import tools.jackson.dataformat.yaml.YAMLFactory;
import tools.jackson.dataformat.yaml.YAMLParser;

/**
 * The documents of a YAML text as trees whose scalars are text exactly as written: {@code 6.10} stays {@code 6.10}. Aliases
 * and repeated keys are refused, depth is bounded.
 *
 * @param documents those before the first error
 * @param errors why reading stopped; empty if it did not
 */
record YamlTrees(List<JsonNode> documents, List<ConfigurationError> errors) {
    private static final int MAX_DEPTH = 32;
    private static final JsonNodeFactory NODES = JsonNodeFactory.instance;
    private static final YAMLFactory FACTORY = YAMLFactory.builder()
            .loadSettings(LoadSettings.builder()
                    .setCodePointLimit(Inputs.MAX_BYTES + 1)
                    .build())
            .build();

    YamlTrees {
        documents = List.copyOf(documents);
        errors = List.copyOf(errors);
    }

    static YamlTrees read(byte[] bytes) {
        List<JsonNode> documents = new ArrayList<>();
        try (JsonParser parser =
                FACTORY.createParser(ObjectReadContext.empty(), new String(bytes, UTF_8).replace("\uFEFF", ""))) {
            while (parser.nextToken() != null) {
                JsonNode tree = value(parser, 0);
                if (!tree.isNull()) {
                    documents.add(tree);
                }
            }
            return new YamlTrees(documents, List.of());
        } catch (Refused refused) {
            return new YamlTrees(documents, List.of(refused.error));
        } catch (JacksonException | org.snakeyaml.engine.v2.exceptions.YamlEngineException malformed) {
            return new YamlTrees(documents, List.of(malformed(malformed)));
        }
    }

    private static JsonNode value(JsonParser parser, int depth) throws Refused {
        if (depth > MAX_DEPTH) {
            throw refused(parser, "too-deep", "nested more than %d deep".formatted(MAX_DEPTH));
        }
        if (((YAMLParser) parser).isCurrentAlias()) {
            throw refused(parser, "alias", "aliases are not supported: write the value out");
        }
        JsonToken token = parser.currentToken();
        return switch (token) {
            case START_OBJECT -> object(parser, depth);
            case START_ARRAY -> array(parser, depth);
            case VALUE_NULL -> NODES.nullNode();
            default -> NODES.stringNode(parser.getString());
        };
    }

    private static ObjectNode object(JsonParser parser, int depth) throws Refused {
        ObjectNode object = NODES.objectNode();
        while (parser.nextToken() == JsonToken.PROPERTY_NAME) {
            String key = parser.currentName();
            parser.nextToken();
            JsonNode value = value(parser, depth + 1);
            if (object.has(key)) {
                throw refused(parser, "duplicate-key", "the key %s is there twice".formatted(Text.shown(key)));
            }
            object.set(key, value);
        }
        return object;
    }

    private static ArrayNode array(JsonParser parser, int depth) throws Refused {
        ArrayNode array = NODES.arrayNode();
        JsonToken token = parser.nextToken();
        while (token != null && token != JsonToken.END_ARRAY) {
            array.add(value(parser, depth + 1));
            token = parser.nextToken();
        }
        return array;
    }

    private static Refused refused(JsonParser parser, String rule, String message) {
        int line = parser.currentTokenLocation().getLineNr();
        return new Refused(new ConfigurationError("", "", rule, "line %d: %s".formatted(line, message)));
    }

    private static ConfigurationError malformed(RuntimeException malformed) {
        return new ConfigurationError(
                "", "", "malformed-yaml", "not YAML: " + Text.oneLine(String.valueOf(malformed.getMessage())));
    }

    /** Stops the reading of a document. */
    private static final class Refused extends Exception {
        private static final long serialVersionUID = 1;

        private final transient ConfigurationError error;

        Refused(ConfigurationError error) {
            super(error.message());
            this.error = error;
        }
    }
}
