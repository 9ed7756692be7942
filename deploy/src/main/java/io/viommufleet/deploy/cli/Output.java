package io.viommufleet.deploy.cli;

import picocli.CommandLine.Option;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.dataformat.yaml.YAMLMapper;
import tools.jackson.dataformat.yaml.YAMLWriteFeature;

/** The option {@code -o} and what follows from it. */
final class Output {
    /** How data is printed. */
    enum Format {
        table,
        json,
        yaml
    }

    private static final JsonMapper JSON =
            JsonMapper.builder().enable(SerializationFeature.INDENT_OUTPUT).build();
    private static final YAMLMapper YAML = YAMLMapper.builder()
            .disable(YAMLWriteFeature.WRITE_DOC_START_MARKER)
            .enable(YAMLWriteFeature.MINIMIZE_QUOTES)
            .build();

    @Option(
            names = {"-o", "--output"},
            paramLabel = "FORMAT",
            description = "How data is printed: ${COMPLETION-CANDIDATES}. Default: ${DEFAULT-VALUE}.")
    Format format = Format.table;

    /** Prints the tree, or where a table is wanted runs what prints that. */
    void print(Terminal terminal, JsonNode tree, Runnable table) {
        switch (format) {
            case table -> table.run();
            case json -> terminal.out().println(JSON.writeValueAsString(tree));
            case yaml -> terminal.out().print(YAML.writeValueAsString(tree));
        }
        terminal.out().flush();
    }
}
