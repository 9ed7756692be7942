package io.viommufleet.deploy.cli;

import io.viommufleet.deploy.view.OtherRules;
import io.viommufleet.deploy.view.WhatIf;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/** What would be, as tables and trees. */
final class WhatIfOutput {
    private static final JsonNodeFactory NODES = JsonNodeFactory.instance;
    private static final String NONE = "-";

    private WhatIfOutput() {}

    static void print(Terminal terminal, Output output, WhatIf answer) {
        output.print(terminal, tree(answer), () -> {
            terminal.out()
                    .println("What if: %s. Of %d VMs %d would move, %d would not. Nothing was changed."
                            .formatted(answer.question(), answer.fates().size(), answer.moved(), answer.stranded()));
            if (!answer.fates().isEmpty()) {
                Table table = new Table(terminal, "VM", "FROM", "TO", "WHY");
                answer.fates()
                        .forEach(fate ->
                                table.row(fate.vm(), fate.from(), fate.to().orElse(NONE), fate.reason()));
                table.print();
            }
        });
    }

    private static ObjectNode tree(WhatIf answer) {
        ObjectNode tree = NODES.objectNode()
                .put("question", answer.question())
                .put("moved", answer.moved())
                .put("stranded", answer.stranded());
        ArrayNode vms = tree.putArray("vms");
        answer.fates().forEach(fate -> {
            ObjectNode vm = vms.addObject().put("id", fate.vm()).put("from", fate.from());
            vm.set("to", fate.to().<JsonNode>map(NODES::stringNode).orElse(NODES.nullNode()));
            vm.put("reason", fate.reason());
        });
        return tree;
    }

    static void print(Terminal terminal, Output output, OtherRules answer) {
        output.print(terminal, tree(answer), () -> {
            terminal.out()
                    .println(
                            "Under rules version %s %d of %d VMs would differ. Nothing was changed: a VM's rules are pinned."
                                    .formatted(
                                            answer.rules(), answer.differing().size(), answer.vms()));
            if (!answer.differing().isEmpty()) {
                Table table = new Table(terminal, "VM", "CELL", "HOSTS", "WHAT DIFFERS");
                answer.differing()
                        .forEach(one -> table.row(
                                one.vm().key(),
                                Integer.toString(one.vm().cell()),
                                "%d of %d"
                                        .formatted(
                                                one.hosts().size(), one.hosts().size() + one.others()),
                                String.join("; ", one.changes())));
                table.print();
            }
        });
    }

    private static ObjectNode tree(OtherRules answer) {
        ObjectNode tree = NODES.objectNode()
                .put("rulesVersion", answer.rules().toString())
                .put("vms", answer.vms());
        ArrayNode differing = tree.putArray("differing");
        answer.differing().forEach(one -> {
            ObjectNode vm = differing
                    .addObject()
                    .put("id", one.vm().key())
                    .put("cell", one.vm().cell());
            one.changes().forEach(vm.putArray("changes")::add);
            one.hosts().forEach(vm.putArray("hosts")::add);
            vm.put("otherHosts", one.others());
        });
        return tree;
    }
}
