package io.viommufleet.controller.cell;

import io.viommufleet.common.model.HostState;
import io.viommufleet.common.model.Placement;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/**
 * Counts attaches that failed by the device's own fault, in a row, by iommu group. Three put the group into quarantine, three
 * such groups the host: what fails again and again shall not be offered to one VM after another.
 */
final class GroupHealth {
    private static final int FAILURES = 3;
    private static final int GROUPS = 3;

    private final Draft draft;

    GroupHealth(Draft draft) {
        this.draft = draft;
    }

    void failed(Placement.Leg leg, String device) {
        Optional<Integer> group =
                Optional.ofNullable(leg.devices().get(device)).flatMap(bdf -> draft.group(leg.host(), bdf));
        if (group.isEmpty()) {
            return;
        }
        HostState known = draft.hostState(leg.host()).orElseGet(() -> HostState.unknown(leg.host()));
        Map<Integer, Integer> failures = new HashMap<>(known.groupFailures());
        int inARow = failures.merge(group.get(), 1, Integer::sum);
        List<Integer> quarantined = new ArrayList<>(known.quarantinedGroups());
        if (inARow >= FAILURES && !quarantined.contains(group.get())) {
            quarantined.add(group.get());
        }
        long failing =
                failures.values().stream().filter(count -> count >= FAILURES).count();
        Optional<String> whole = known.quarantine()
                .or(() -> failing >= GROUPS
                        ? Optional.of("attaches failed again and again in %d iommu groups".formatted(failing))
                        : Optional.empty());
        draft.put(known.quarantined(whole, quarantined.stream().sorted().toList(), failures));
    }

    /** An attach that succeeds ends the row. */
    void attached(Placement.Leg leg) {
        HostState known = draft.hostState(leg.host()).orElseGet(() -> HostState.unknown(leg.host()));
        Map<Integer, Integer> failures = new HashMap<>(known.groupFailures());
        leg.devices().values().forEach(bdf -> draft.group(leg.host(), bdf).ifPresent(failures::remove));
        if (!Objects.equals(failures, known.groupFailures())) {
            draft.put(known.quarantined(known.quarantine(), known.quarantinedGroups(), failures));
        }
    }
}
