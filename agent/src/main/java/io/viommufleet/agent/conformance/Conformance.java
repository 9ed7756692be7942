package io.viommufleet.agent.conformance;

import io.viommufleet.agent.iommufd.system.Errno;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Replays traces that were recorded on real kernels, and compares the result and every output of every op. */
public final class Conformance {
    private final JsonMapper json = new JsonMapper();
    private final List<Difference> differing = new ArrayList<>();
    private final List<Report.Unreadable> unreadable = new ArrayList<>();
    private final Map<String, Integer> totals = new TreeMap<>();
    private int traces;
    private long ops;
    private int tolerated;
    private int undetermined;

    private Conformance() {}

    /** Replays every trace in files and directories. What cannot be read is in the report, and does not keep others from being replayed. */
    public static Report replay(List<Path> paths) {
        Conformance run = new Conformance();
        paths.forEach(path -> TraceFiles.visit(path, run.new Found()));
        return new Report(
                run.traces,
                run.ops,
                run.differing.size(),
                run.tolerated,
                run.undetermined,
                run.differing,
                run.unreadable,
                run.totals);
    }

    private final class Found implements TraceFiles.Visitor {
        @Override
        public void trace(String name, List<String> lines) {
            replayTrace(name, lines);
        }

        @Override
        public void unreadable(String name, String why) {
            unreadable.add(new Report.Unreadable(name, why));
        }
    }

    private void replayTrace(String trace, List<String> lines) {
        traces++;
        int line = 0;
        try {
            if (lines.isEmpty()) {
                throw new TraceError("it is empty");
            }
            Replay replay = new Replay(new Machine(json.readTree(lines.getFirst())));
            Comparison comparison = new Comparison(trace, replay, differing);
            long end = -1;
            int replayed = 0;
            for (line = 1; line < lines.size(); line++) {
                JsonNode node = json.readTree(lines.get(line));
                if (node.has("op")) {
                    Operation op = new Operation(node);
                    count(op, comparison.run(op));
                    replayed++;
                } else if (node.has("end")) {
                    end = node.path("ok").asLong() + node.path("err").asLong();
                }
            }
            tolerated += comparison.tolerated();
            undetermined += comparison.undetermined();
            checkEnd(end, replayed);
        } catch (TraceError error) {
            unreadable.add(new Report.Unreadable(trace, "line %d: %s".formatted(line + 1, error.getMessage())));
        } catch (JacksonException error) {
            unreadable.add(new Report.Unreadable(trace, "line %d: %s".formatted(line + 1, error.getOriginalMessage())));
        } catch (RuntimeException error) {
            unreadable.add(new Report.Unreadable(trace, "line %d: cannot be replayed: %s".formatted(line + 1, error)));
        }
    }

    private static void checkEnd(long end, int replayed) {
        if (end < 0) {
            throw new TraceError("it has no end line after %d ops".formatted(replayed));
        }
        if (end != replayed) {
            throw new TraceError("its end line tells of %d ops, but it has %d".formatted(end, replayed));
        }
    }

    private void count(Operation op, Outcome got) {
        ops++;
        String result = got.ret() >= 0 ? "ok" : Errno.of((int) -got.ret()).name();
        totals.merge(op.name() + " " + result, 1, Integer::sum);
    }
}
