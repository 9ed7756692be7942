package io.viommufleet.agent.conformance;

import java.util.List;
import java.util.Map;

/**
 * What a replay came to.
 *
 * @param traces that were replayed
 * @param ops in them
 * @param differences how many values differed
 * @param tolerated values that differed but that the inputs do not determine
 * @param undetermined ops that could not be compared because the recording lacks an input of theirs, or of an op that they depend on
 * @param differing each difference
 * @param unreadable traces that could not be replayed to their end, with the reason: they prove nothing
 * @param totals ops by name and result, such as {@code IOAS_MAP ok} or {@code DESTROY EBUSY}
 */
public record Report(
        int traces,
        long ops,
        int differences,
        int tolerated,
        int undetermined,
        List<Difference> differing,
        List<Unreadable> unreadable,
        Map<String, Integer> totals) {
    /**
     * A trace that could not be replayed.
     *
     * @param trace file and entry
     * @param message what is wrong with it, and where
     */
    public record Unreadable(String trace, String message) {}

    /** Whether everything was replayed and agreed. */
    public boolean agrees() {
        return differences == 0 && unreadable.isEmpty();
    }
}
