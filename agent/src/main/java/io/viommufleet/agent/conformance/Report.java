package io.viommufleet.agent.conformance;

import java.util.List;
import java.util.Map;

/**
 * What a replay came to.
 *
 * @param traces that were replayed
 * @param ops in them
 * @param differences how many values differed
 * @param tolerated differences that the inputs do not determine
 * @param differing each difference
 * @param notReplayed traces of a mode that cannot be replayed, with the mode: they prove nothing
 * @param totals ops by name and result, such as {@code IOAS_MAP 0} or {@code DESTROY -16}
 */
public record Report(
        int traces,
        long ops,
        int differences,
        int tolerated,
        List<Difference> differing,
        List<String> notReplayed,
        Map<String, Integer> totals) {}
