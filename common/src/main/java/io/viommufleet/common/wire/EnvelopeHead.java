package io.viommufleet.common.wire;

import io.viommufleet.common.FleetError;
import io.viommufleet.common.FleetException;
import io.viommufleet.common.model.Envelope;
import io.viommufleet.common.model.FleetRecord;
import io.viommufleet.common.model.FleetTopic;
import io.viommufleet.common.model.HostInventory;
import io.viommufleet.common.model.Leader;
import io.viommufleet.common.model.Operation;
import io.viommufleet.common.model.Origin;
import io.viommufleet.common.model.Placement;
import io.viommufleet.common.model.Policy;
import io.viommufleet.common.model.VirtualMachine;
import io.viommufleet.common.wire.RecordCodec.Unfit;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * The parts of an envelope around its value.
 *
 * @param cell as written; users may leave it out
 * @param generation 0 where the writer counts none
 * @param origin who wrote it
 */
record EnvelopeHead(Optional<Integer> cell, long generation, Origin origin) {
    static EnvelopeHead of(Envelope envelope) {
        FleetTopic topic = envelope.value().topic();
        if (role(envelope.origin()) != topic.writer()) {
            throw new FleetException(
                    FleetError.FAILED,
                    "%s is written by role %s only, not by %s"
                            .formatted(topic.topicName(), topic.writer(), role(envelope.origin())));
        }
        return new EnvelopeHead(Optional.of(envelope.cell()), envelope.generation(), envelope.origin());
    }

    /** The cell that a value itself names. */
    static Optional<Integer> cellOf(FleetRecord value) {
        return switch (value) {
            case VirtualMachine vm -> Optional.of(vm.metadata().cell());
            case HostInventory host -> Optional.of(host.metadata().cell());
            case Placement placement -> Optional.of(placement.metadata().cell());
            case Leader leader -> Optional.of(leader.cell());
            case Operation operation -> Optional.of(operation.cell());
            case Policy policy -> Optional.of(policy.metadata().cell());
            case FleetRecord other -> Optional.empty();
        };
    }

    void write(ObjectNode tree) {
        cell.ifPresent(present -> tree.put("cell", present));
        if (origin instanceof Origin.Agent agent) {
            tree.put("boot", agent.boot())
                    .put("incarnation", agent.incarnation())
                    .put("sequence", agent.sequence());
        }
        if (generation != 0) {
            tree.put("generation", generation);
        }
        if (origin instanceof Origin.Controller controller) {
            tree.put("epoch", controller.epoch()).put("step", controller.step());
        }
    }

    static EnvelopeHead read(FleetTopic.Role writer, JsonNode tree) throws Unfit {
        Optional<Long> cell = number(tree, "cell");
        if ((cell.isEmpty() && writer != FleetTopic.Role.USER) || cell.orElse(0L) > Integer.MAX_VALUE) {
            throw new Unfit("the envelope's cell must be a number from 0");
        }
        return new EnvelopeHead(
                cell.map(Long::intValue), number(tree, "generation").orElse(0L), origin(writer, tree));
    }

    private static Origin origin(FleetTopic.Role writer, JsonNode tree) throws Unfit {
        return switch (writer) {
            case USER -> {
                requireKnownKeys(tree);
                yield new Origin.User();
            }
            case AGENT ->
                new Origin.Agent(text(tree, "boot"), text(tree, "incarnation"), requiredNumber(tree, "sequence"));
            case CONTROLLER -> new Origin.Controller(requiredNumber(tree, "epoch"), requiredNumber(tree, "step"));
        };
    }

    private static void requireKnownKeys(JsonNode tree) throws Unfit {
        List<String> known = List.of("type", "schema", "cell", "generation", "keyId", "signature", "value");
        List<String> unknown = tree.propertyNames().stream()
                .filter(key -> !known.contains(key))
                .toList();
        if (!unknown.isEmpty()) {
            throw new Unfit("unknown key %s in the envelope; a request has %s"
                    .formatted(
                            Printable.text(unknown.getFirst()), known.stream().collect(Collectors.joining(", "))));
        }
    }

    private static Optional<Long> number(JsonNode tree, String key) throws Unfit {
        JsonNode value = tree.path(key);
        if (value.isMissingNode()) {
            return Optional.empty();
        }
        if (!value.isIntegralNumber() || !value.canConvertToLong() || value.longValue() < 0) {
            throw new Unfit("the envelope's %s is %s; it must be a number from 0"
                    .formatted(key, Printable.text(value.toString())));
        }
        return Optional.of(value.longValue());
    }

    private static long requiredNumber(JsonNode tree, String key) throws Unfit {
        return number(tree, key).orElseThrow(() -> new Unfit("the envelope has no " + key));
    }

    private static String text(JsonNode tree, String key) throws Unfit {
        JsonNode value = tree.path(key);
        if (!value.isString() || value.asString().isEmpty()) {
            throw new Unfit("the envelope has no " + key);
        }
        return value.asString();
    }

    private static FleetTopic.Role role(Origin origin) {
        return switch (origin) {
            case Origin.User() -> FleetTopic.Role.USER;
            case Origin.Agent agent -> FleetTopic.Role.AGENT;
            case Origin.Controller controller -> FleetTopic.Role.CONTROLLER;
        };
    }
}
