package io.viommufleet.controller.cell;

import io.viommufleet.common.model.Breaker;
import io.viommufleet.common.model.Policy;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Opens the breaker when more hosts are silent at once than single failures explain: then the fault is more likely a network's
 * or ours, and giving up hosts would do the harm.
 */
final class BreakerPlanner {
    private final Draft draft;
    private final Liveness liveness;
    private final int defaultPercent;

    BreakerPlanner(Draft draft, Liveness liveness, int defaultPercent) {
        this.draft = draft;
        this.liveness = liveness;
        this.defaultPercent = defaultPercent;
    }

    void plan() {
        Optional<Breaker> known = draft.breaker();
        if (known.flatMap(Breaker::open).isPresent()) {
            return;
        }
        Set<String> excused = new HashSet<>(known.map(Breaker::excused).orElse(List.of()));
        List<String> silent = liveness.silent().stream()
                .filter(host -> !excused.contains(host))
                .toList();
        long hosts = liveness.admitted();
        if (silent.size() > Math.max(1, hosts * percent() / 100)) {
            String why = "%d of %d hosts are silent at once, more than %d %%: %s%s"
                    .formatted(
                            silent.size(),
                            hosts,
                            percent(),
                            String.join(", ", silent.subList(0, Math.min(5, silent.size()))),
                            silent.size() > 5 ? ", …" : "");
            draft.put(new Breaker(Optional.of(why), List.copyOf(excused)));
        }
    }

    private int percent() {
        return draft.state().policyStates().values().stream()
                .flatMap(owned -> owned.value().rule().stream())
                .flatMap(rule -> rule instanceof Policy.Rule.Limits limits
                        ? limits.breakerPercent().stream()
                        : Optional.<Integer>empty().stream())
                .min(Integer::compare)
                .orElse(defaultPercent);
    }
}
