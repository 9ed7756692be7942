package io.viommufleet.common.wire;

import io.viommufleet.common.model.Metadata;
import io.viommufleet.common.model.Names;
import io.viommufleet.common.model.Policy;
import io.viommufleet.common.model.Policy.Rule;
import java.util.List;
import java.util.Optional;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * A policy as keys and values, the same in YAML files and on the log: {@code metadata} and {@code spec}, which is one of
 * {@code {type: quota, tenant, vms, devices, memory}}, {@code {type: pool, pool, tenants}} and {@code {type: limits, movesPerZone,
 * zoneLabel, breakerPercent}}, with {@code deleted}.
 */
public final class PolicyTree {
    /** The value of {@code kind} in a file; on the log it may be left out. */
    public static final String KIND = "Policy";

    private static final List<String> TYPES = List.of("quota", "pool", "limits");
    private static final JsonNodeFactory NODES = JsonNodeFactory.instance;

    private PolicyTree() {}

    /** Reads a whole policy. */
    public static TreeResult<Policy> read(JsonNode tree, UnknownKeys unknownKeys) {
        TreeReader policy = TreeReader.of(tree, unknownKeys);
        policy.parsed("kind", KIND, kind -> Optional.of(kind).filter(KIND::equals));
        Metadata metadata = VmTree.metadata(policy);
        policy.check("metadata", () -> {
            if (!metadata.name().isEmpty()) {
                Names.requireName("policy name", metadata.name());
            }
        });
        TreeReader spec = policy.requiredObject("spec");
        boolean deleted = spec.bool("deleted").orElse(false);
        Optional<Rule> rule = rule(spec);
        policy.finish();
        return TreeResult.of(policy.errors(), () -> new Policy(metadata, rule.orElseThrow(), deleted));
    }

    /** Reads a rule alone. */
    static TreeResult<Rule> readRule(JsonNode tree, UnknownKeys unknownKeys) {
        TreeReader reader = TreeReader.of(tree, unknownKeys);
        Optional<Rule> rule = rule(reader);
        return TreeResult.of(reader.errors(), rule::orElseThrow);
    }

    private static Optional<Rule> rule(TreeReader spec) {
        if (!spec.has("type")) {
            spec.missing("type");
        }
        Optional<Rule> rule = spec.parsed(
                        "type",
                        String.join(", ", TYPES),
                        text -> Optional.of(text).filter(TYPES::contains))
                .map(type -> switch (type) {
                    case "quota" -> quota(spec);
                    case "pool" -> new Rule.Pool(spec.requiredText("pool"), spec.texts("tenants"));
                    default -> limits(spec);
                });
        spec.finish();
        return rule;
    }

    private static Rule quota(TreeReader spec) {
        Rule.Quota quota = new Rule.Quota(
                spec.requiredText("tenant"),
                spec.integer("vms", 0, Integer.MAX_VALUE),
                spec.integer("devices", 0, Integer.MAX_VALUE),
                spec.parsed("memory", MemorySize.ALLOWED, MemorySize::parse));
        if (quota.vms().isEmpty()
                && quota.devices().isEmpty()
                && quota.memoryBytes().isEmpty()) {
            spec.error("type", "a quota limits something: write at least one of vms, devices and memory");
        }
        return quota;
    }

    private static Rule limits(TreeReader spec) {
        return new Rule.Limits(
                spec.integer("movesPerZone", 1, Integer.MAX_VALUE),
                spec.text("zoneLabel"),
                spec.integer("breakerPercent", 1, 100));
    }

    /** Writes a whole policy, without {@code kind}. */
    public static ObjectNode write(Policy policy) {
        ObjectNode tree = NODES.objectNode();
        tree.set("metadata", VmTree.write(policy.metadata()));
        tree.set("spec", write(policy.rule()).put("deleted", policy.deleted()));
        return tree;
    }

    /** Writes a rule alone. */
    public static ObjectNode write(Rule rule) {
        ObjectNode tree = NODES.objectNode();
        switch (rule) {
            case Rule.Quota quota -> {
                tree.put("type", "quota").put("tenant", quota.tenant());
                quota.vms().ifPresent(most -> tree.put("vms", most));
                quota.devices().ifPresent(most -> tree.put("devices", most));
                quota.memoryBytes().ifPresent(most -> tree.put("memory", MemorySize.write(most)));
            }
            case Rule.Pool pool -> {
                tree.put("type", "pool").put("pool", pool.pool());
                pool.tenants().forEach(tree.putArray("tenants")::add);
            }
            case Rule.Limits limits -> {
                tree.put("type", "limits");
                limits.movesPerZone().ifPresent(most -> tree.put("movesPerZone", most));
                limits.zoneLabel().ifPresent(label -> tree.put("zoneLabel", label));
                limits.breakerPercent().ifPresent(percent -> tree.put("breakerPercent", percent));
            }
        }
        return tree;
    }
}
