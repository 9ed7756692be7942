package io.viommufleet.deploy.cli;

import io.viommufleet.common.model.OperationProgress.Move;
import io.viommufleet.deploy.view.OperationReport;
import io.viommufleet.deploy.view.Words;
import java.util.List;
import java.util.Optional;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/** Operations as the keys and values that scripts depend on. */
final class OperationTree {
    private static final JsonNodeFactory NODES = JsonNodeFactory.instance;

    private OperationTree() {}

    static ArrayNode of(List<OperationReport> reports) {
        ArrayNode operations = NODES.arrayNode();
        reports.forEach(report -> operations.add(of(report)));
        return operations;
    }

    static ObjectNode of(OperationReport report) {
        ObjectNode tree = NODES.objectNode()
                .put("id", report.key().key())
                .put("cell", report.key().cell())
                .put("action", report.action().word())
                .put("words", report.action().words())
                .put("state", report.stateWord())
                .put("ended", report.ended())
                .put("reason", report.reason());
        ArrayNode moves = tree.putArray("moves");
        report.moves().forEach(move -> moves.add(of(move)));
        return tree;
    }

    private static ObjectNode of(Move move) {
        ObjectNode tree = NODES.objectNode().put("vm", move.vm()).put("state", Words.of(move.state()));
        tree.set("to", text(move.to()));
        return tree.put("reason", move.reason());
    }

    private static JsonNode text(Optional<String> value) {
        return value.<JsonNode>map(NODES::stringNode).orElse(NODES.nullNode());
    }
}
