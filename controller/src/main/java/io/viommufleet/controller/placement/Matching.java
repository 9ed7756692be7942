package io.viommufleet.controller.placement;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Gives every guest device a host device of its own: maximum bipartite matching by augmenting paths, so that alike devices
 * cost no combinatorial search. Earlier choices are preferred; the result depends on the order of its input only.
 */
final class Matching<G, H> {
    private final Map<G, List<H>> choices;
    private final Map<H, G> owner = new HashMap<>();

    private Matching(Map<G, List<H>> choices) {
        this.choices = choices;
    }

    /** A host device for each guest device, or empty where not all can be served. */
    static <G, H> Optional<Map<G, H>> of(List<G> guests, Map<G, List<H>> choices) {
        Matching<G, H> matching = new Matching<>(choices);
        for (G guest : new ArrayList<>(guests)) {
            if (!matching.serve(guest, new HashSet<>())) {
                return Optional.empty();
            }
        }
        Map<G, H> result = new HashMap<>();
        matching.owner.forEach((host, guest) -> result.put(guest, host));
        return Optional.of(result);
    }

    private boolean serve(G guest, Set<H> tried) {
        for (H host : choices.getOrDefault(guest, List.of())) {
            if (tried.add(host)) {
                G current = owner.get(host);
                if (current == null || serve(current, tried)) {
                    owner.put(host, guest);
                    return true;
                }
            }
        }
        return false;
    }
}
