package io.viommufleet.common.wire;

import io.viommufleet.common.model.Action;
import io.viommufleet.common.model.Action.MigrationMode;
import java.util.List;
import java.util.Optional;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/** What an operator asks for as keys and values: {@code {type: drain, host: spr-01, mode: live, parallel: 2}}. */
final class ActionTree {
    private static final List<String> TYPES = List.of(
            "cordon",
            "uncordon",
            "drain",
            "migrate",
            "evacuate",
            "fence",
            "release",
            "cancel",
            "reset-breaker",
            "finalize-feature-level");

    private ActionTree() {}

    /** Reads an action; unknown keys are errors, for they may be half of what was asked. */
    static TreeResult<Action> read(JsonNode tree, UnknownKeys unknownKeys) {
        TreeReader action = TreeReader.of(tree, unknownKeys);
        Optional<String> type = action.parsed(
                "type", String.join(", ", TYPES), text -> Optional.of(text).filter(TYPES::contains));
        if (!action.has("type")) {
            action.missing("type");
        }
        Optional<Action> read = type.flatMap(known -> typed(known, action));
        action.finish();
        return TreeResult.of(action.errors(), read::orElseThrow);
    }

    private static Optional<Action> typed(String type, TreeReader action) {
        Action[] read = new Action[1];
        action.check("type", () -> read[0] = construct(type, action));
        return Optional.ofNullable(read[0]);
    }

    private static Action construct(String type, TreeReader action) {
        return switch (type) {
            case "cordon" -> new Action.Cordon(action.requiredText("host"));
            case "uncordon" -> new Action.Uncordon(action.requiredText("host"));
            case "drain" ->
                new Action.Drain(
                        action.requiredText("host"), mode(action), action.integer("parallel", 1, Integer.MAX_VALUE));
            case "migrate" -> new Action.Migrate(action.requiredText("vm"), action.text("to"), mode(action));
            case "evacuate" -> new Action.Evacuate(action.requiredText("host"));
            case "fence" ->
                new Action.Fence(
                        action.requiredText("host"), action.bool("confirmed").orElse(false));
            case "release" ->
                new Action.Release(action.requiredText("host"), action.integer("group", 0, Integer.MAX_VALUE));
            case "cancel" -> new Action.Cancel(action.requiredText("operation"));
            case "reset-breaker" -> new Action.ResetBreaker();
            default -> {
                if (!action.has("level")) {
                    action.missing("level");
                }
                yield new Action.FinalizeFeatureLevel(
                        action.integer("level", 1, Integer.MAX_VALUE).orElse(1));
            }
        };
    }

    private static MigrationMode mode(TreeReader action) {
        return action.word("mode", MigrationMode.class).orElse(MigrationMode.LIVE);
    }

    /** Writes an action, so that {@link #read} gives it back. */
    static ObjectNode write(Action action) {
        ObjectNode tree = JsonNodeFactory.instance.objectNode().put("type", action.word());
        switch (action) {
            case Action.Cordon(String host) -> tree.put("host", host);
            case Action.Uncordon(String host) -> tree.put("host", host);
            case Action.Drain drain -> {
                tree.put("host", drain.host()).put("mode", TreeReader.word(drain.mode()));
                drain.parallel().ifPresent(most -> tree.put("parallel", most));
            }
            case Action.Migrate move -> {
                tree.put("vm", move.vm());
                move.to().ifPresent(host -> tree.put("to", host));
                tree.put("mode", TreeReader.word(move.mode()));
            }
            case Action.Evacuate(String host) -> tree.put("host", host);
            case Action.Fence(String host, boolean confirmed) ->
                tree.put("host", host).put("confirmed", confirmed);
            case Action.Release(String host, Optional<Integer> group) -> {
                tree.put("host", host);
                group.ifPresent(number -> tree.put("group", number));
            }
            case Action.Cancel(String operation) -> tree.put("operation", operation);
            case Action.ResetBreaker() -> {}
            case Action.FinalizeFeatureLevel(int level) -> tree.put("level", level);
        }
        return tree;
    }
}
