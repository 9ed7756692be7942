package io.viommufleet.agent.conformance;

import static io.viommufleet.agent.iommufd.system.Errno.EINVAL;
import static io.viommufleet.agent.iommufd.system.Errno.EOPNOTSUPP;

import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import tools.jackson.databind.JsonNode;

/**
 * Runs the ops of one trace and compares each with its recording. Two things follow from no input, and are counted instead of reported: whether a page
 * fault that was raised by the op before can be read already, and which bits of one page-table entry a dirty bitmap shows, since the entry's size follows
 * the physical contiguity of the recording program's memory.
 *
 * <p>Recordings leave out the entries of a HWPT_INVALIDATE with very many of them. What such an op did, and what a device's cache holds afterwards, cannot
 * be replayed; it is counted apart, as undetermined.
 */
final class Comparison {
    private static final List<String> EXTRAS = List.of("ranges", "data_out", "bitmap");

    private final String trace;
    private final Replay replay;
    private final List<Difference> differing;
    private final Set<Integer> contextsWithUnknownCaches = new HashSet<>();
    private boolean faultJustRaised;
    private int tolerated;
    private int undetermined;

    Comparison(String trace, Replay replay, List<Difference> differing) {
        this.trace = trace;
        this.replay = replay;
        this.differing = differing;
    }

    int tolerated() {
        return tolerated;
    }

    int undetermined() {
        return undetermined;
    }

    /** Runs an op; only afterwards its recording is looked at. */
    Outcome run(Operation op) {
        Outcome got = replay.run(op);
        JsonNode node = op.node();
        long recorded = node.path("ret").asLong();
        if (op.name().equals("FAULT_READ") && faultJustRaised && recorded == 0 && got.ret() > 0) {
            replay.unread(op, got);
            tolerated++;
        } else if (isUndetermined(op, recorded, got)) {
            undetermined++;
        } else {
            report(op, "ret", String.valueOf(recorded), String.valueOf(got.ret()));
            compareFields(op, got.out());
            EXTRAS.stream().filter(node::has).forEach(extra -> compareExtra(op, extra, got));
        }
        faultJustRaised = op.name().equals("TEST_TRIGGER_IOPF") && recorded == 0;
        return got;
    }

    private boolean isUndetermined(Operation op, long recorded, Outcome got) {
        boolean decidedByEntries = recorded == 0 || recorded == -EINVAL.number() || recorded == -EOPNOTSUPP.number();
        boolean same = recorded == got.ret()
                && op.node()
                        .path("out")
                        .path("entry_num")
                        .asString()
                        .equals(got.out().getOrDefault("entry_num", ""));
        if (same || !decidedByEntries) {
            return false;
        }
        if (op.name().equals("HWPT_INVALIDATE") && entriesMissing(op)) {
            contextsWithUnknownCaches.add(op.index("ctx"));
            return true;
        }
        return op.name().equals("TEST_DEV_CHECK_CACHE") && contextsWithUnknownCaches.contains(op.index("ctx"));
    }

    private static boolean entriesMissing(Operation op) {
        return op.wide("data_uptr") != 0
                && op.number("entry_num") != 0
                && op.number("entry_len") != 0
                && !op.node().has("data_in");
    }

    private void compareFields(Operation op, Map<String, String> out) {
        Map<String, String> surplus = new TreeMap<>(out);
        op.node().path("out").properties().forEach(field -> {
            String mine = surplus.remove(field.getKey());
            report(op, field.getKey(), field.getValue().asString(), mine == null ? "absent" : mine);
        });
        surplus.forEach((field, value) -> report(op, field, "absent", value));
    }

    /** Hexadecimal extras are recorded up to some length only, so as much as was recorded counts. */
    private void compareExtra(Operation op, String extra, Outcome got) {
        JsonNode value = op.node().path(extra);
        String recorded = value.isString() ? value.asString() : value.toString();
        String mine = got.extras().getOrDefault(extra, "absent");
        if (value.isString() && mine.length() > recorded.length()) {
            mine = mine.substring(0, recorded.length());
        }
        if (extra.equals("bitmap") && !recorded.equals(mine) && replay.sameEntriesDirty(op, recorded, mine)) {
            tolerated++;
            return;
        }
        report(op, extra, recorded, mine);
    }

    private void report(Operation op, String field, String expected, String got) {
        if (!expected.equals(got)) {
            String input = op.node().path("in").toString();
            differing.add(new Difference(trace, op.index("i"), op.name(), input, field, expected, got));
        }
    }
}
