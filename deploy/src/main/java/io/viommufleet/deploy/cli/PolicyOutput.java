package io.viommufleet.deploy.cli;

import io.viommufleet.common.wire.PolicyTree;
import io.viommufleet.deploy.view.PolicyReport;
import java.util.List;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/** Policies as a table, and as the keys and values that scripts depend on. */
final class PolicyOutput {
    private static final JsonNodeFactory NODES = JsonNodeFactory.instance;
    private static final String NONE = "-";

    private PolicyOutput() {}

    static void print(Terminal terminal, List<PolicyReport> reports) {
        Table table = new Table(terminal, "POLICY", "CELL", "STATE", "RULE", "WHY");
        for (PolicyReport report : reports) {
            table.row(
                    report.key().key(),
                    Integer.toString(report.key().cell()),
                    report.state(),
                    report.words().isEmpty() ? NONE : report.words(),
                    report.reason());
        }
        table.print();
    }

    static ArrayNode tree(List<PolicyReport> reports) {
        ArrayNode policies = NODES.arrayNode();
        reports.forEach(report -> policies.add(tree(report)));
        return policies;
    }

    static ObjectNode tree(PolicyReport report) {
        ObjectNode tree = NODES.objectNode()
                .put("name", report.key().key())
                .put("cell", report.key().cell())
                .put("state", report.state())
                .put("reason", report.reason());
        tree.set("rule", NODES.nullNode());
        report.rule().ifPresent(rule -> tree.set("rule", PolicyTree.write(rule)));
        return tree;
    }
}
