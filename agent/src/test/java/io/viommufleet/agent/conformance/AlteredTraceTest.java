package io.viommufleet.agent.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/** A recorded value that is altered is reported: what is tolerated does not hide it. */
class AlteredTraceTest {
    private static final Path TRACES = Path.of("src/test/resources/conformance");
    private static final List<String> ARCHIVES =
            List.of("mock.tar.gz", "mock70.tar.gz", "mock70-access.tar.gz", "vfio-intel48.tar.gz");
    private static final int ALTERATIONS = 200;

    private final JsonMapper json = new JsonMapper();

    /** One value of one line, and the trace with it altered. */
    private record Alteration(String what, List<String> lines) {}

    @Test
    void everyAlteredResultOutputAndBufferIsReported(@TempDir Path directory) throws IOException {
        long seed = Long.getLong("seed", System.nanoTime());
        System.out.println("AlteredTraceTest: -Dseed=" + seed);
        Random random = new Random(seed);
        Set<String> kinds = new HashSet<>();
        for (String archive : ARCHIVES) {
            List<List<String>> traces = new ArrayList<>();
            TraceFiles.visit(TRACES.resolve(archive), new TraceFiles.Visitor() {
                @Override
                public void trace(String name, List<String> lines) {
                    traces.add(lines);
                }

                @Override
                public void unreadable(String name, String why) {
                    throw new AssertionError(name + " " + why);
                }
            });
            for (int round = 0; round < ALTERATIONS; round++) {
                List<String> trace = traces.get(random.nextInt(traces.size()));
                Alteration altered = alter(trace, random);
                kinds.add(altered.what().split(" ", -1)[1]);
                Path file = Files.write(directory.resolve("altered.jsonl"), altered.lines());

                Report report = Conformance.replay(List.of(file));

                assertThat(report.differences())
                        .as("%s: %s", archive, altered.what())
                        .isPositive();
            }
        }
        assertThat(kinds).contains("ret", "out", "data_out", "ranges", "bitmap");
    }

    /** Alters a result, an output field, or what a buffer held. */
    private Alteration alter(List<String> trace, Random random) {
        while (true) {
            int line = 1 + random.nextInt(trace.size() - 1);
            JsonNode node = json.readTree(trace.get(line));
            if (!node.has("op") || (node.path("op").asString().equals("HWPT_INVALIDATE") && !node.has("data_in"))) {
                continue;
            }
            ObjectNode op = (ObjectNode) node;
            String kind = List.of("ret", "out", "data_out", "ranges", "bitmap").get(random.nextInt(5));
            if (change(op, kind)) {
                List<String> lines = new ArrayList<>(trace);
                lines.set(line, json.writeValueAsString(op));
                return new Alteration(op.path("op").asString() + " " + kind + " of op " + op.path("i"), lines);
            }
        }
    }

    private static boolean change(ObjectNode op, String kind) {
        switch (kind) {
            case "ret" -> op.put("ret", op.path("ret").asLong() == -5 ? -6 : -5);
            case "out" -> {
                ObjectNode out = (ObjectNode) op.path("out");
                if (out.isEmpty()) {
                    return false;
                }
                String field = out.propertyNames().iterator().next();
                out.put(field, "0xabcdef");
            }
            case "ranges" -> {
                if (op.path(kind).isEmpty()) {
                    return false;
                }
                op.putArray(kind).addArray().add("0x1").add("0x2");
            }
            case "bitmap" -> {
                String bits = op.path(kind).asString("");
                if (bits.isEmpty()) {
                    return false;
                }
                String nothing = "0".repeat(bits.length());
                op.put(kind, bits.equals(nothing) ? "1" + nothing.substring(1) : nothing);
            }
            default -> {
                String bytes = op.path(kind).asString("");
                if (bytes.isEmpty()) {
                    return false;
                }
                op.put(kind, (bytes.charAt(0) == 'f' ? "0" : "f") + bytes.substring(1));
            }
        }
        return true;
    }
}
