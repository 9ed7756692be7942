package io.viommufleet.deploy.cli;

import io.viommufleet.common.FleetError;
import io.viommufleet.common.FleetException;
import io.viommufleet.deploy.view.FleetState.CellKey;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Finds what a user named. */
final class Lookup {
    private Lookup() {}

    /**
     * The one entry with a name.
     *
     * @throws FleetException NOT_FOUND without one, CONFLICT if several cells have one and no cell was said
     */
    static <T> Map.Entry<CellKey<String>, T> one(
            String what, Map<CellKey<String>, T> all, String name, Optional<Integer> cell) {
        List<Map.Entry<CellKey<String>, T>> found = all.entrySet().stream()
                .filter(entry -> entry.getKey().key().equals(name))
                .filter(entry -> cell.isEmpty() || cell.get() == entry.getKey().cell())
                .toList();
        if (found.isEmpty()) {
            throw new FleetException(
                    FleetError.NOT_FOUND,
                    "there is no %s named %s%s"
                            .formatted(
                                    what,
                                    name,
                                    cell.map(number -> " in cell " + number).orElse("")));
        }
        if (found.size() > 1) {
            throw new FleetException(
                    FleetError.CONFLICT, "%d cells have a %s named %s; say --cell".formatted(found.size(), what, name));
        }
        return found.getFirst();
    }
}
