package io.viommufleet.agent.conformance;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Replays recorded traces and compares the result and every output field of every op. So far only traces of the VFIO mode are replayed; those of the
 * kernel's mock devices are listed as not replayed.
 */
public final class Conformance {
    private static final List<String> EXTRAS = List.of("ranges", "data_out");

    private final JsonMapper json = new JsonMapper();
    private final List<Difference> differing = new ArrayList<>();
    private final List<String> notReplayed = new ArrayList<>();
    private final Map<String, Integer> totals = new TreeMap<>();
    private int traces;
    private long ops;

    private Conformance() {}

    /** Replays every trace in files and directories. */
    public static Report replay(List<Path> paths) throws IOException {
        Conformance run = new Conformance();
        for (Path path : paths) {
            TraceFiles.visit(path, run::replayTrace);
        }
        return new Report(run.traces, run.ops, run.differing.size(), 0, run.differing, run.notReplayed, run.totals);
    }

    private void replayTrace(String trace, List<String> lines) {
        JsonNode header = json.readTree(lines.getFirst());
        String mode = header.path("mode").asString();
        if (!mode.equals("vfio")) {
            notReplayed.add(trace + " (" + mode + ")");
            return;
        }
        traces++;
        Replay replay = new Replay(new Machine(header));
        for (String line : lines.subList(1, lines.size())) {
            JsonNode node = json.readTree(line);
            if (node.has("op")) {
                Operation op = new Operation(node);
                compare(trace, op, replay.run(op));
            }
        }
    }

    private void compare(String trace, Operation op, Outcome got) {
        ops++;
        totals.merge(op.name() + " " + Math.min(got.ret(), 0), 1, Integer::sum);
        JsonNode node = op.node();
        report(trace, op, "ret", node.path("ret").asString(), String.valueOf(got.ret()));
        Map<String, String> expected = new TreeMap<>();
        node.path("out")
                .properties()
                .forEach(field -> expected.put(field.getKey(), field.getValue().asString()));
        Map<String, String> actual = new TreeMap<>(got.out());
        for (String extra : EXTRAS) {
            String mine = actual.remove(extra);
            if (mine != null && node.has(extra)) {
                JsonNode value = node.path(extra);
                report(trace, op, extra, value.isString() ? value.asString() : value.toString(), mine);
            }
        }
        expected.forEach((field, value) -> report(trace, op, field, value, actual.getOrDefault(field, "absent")));
        actual.keySet().removeAll(expected.keySet());
        actual.forEach((field, value) -> report(trace, op, field, "absent", value));
    }

    private void report(String trace, Operation op, String field, String expected, String got) {
        if (!expected.equals(got)) {
            String input = op.node().path("in").toString();
            differing.add(new Difference(trace, op.index("i"), op.name(), input, field, expected, got));
        }
    }
}
