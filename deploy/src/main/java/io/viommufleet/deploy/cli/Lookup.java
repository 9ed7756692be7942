package io.viommufleet.deploy.cli;

import io.viommufleet.common.FleetError;
import io.viommufleet.common.FleetException;
import io.viommufleet.deploy.view.FleetState;
import io.viommufleet.deploy.view.FleetState.CellKey;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

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

    /**
     * The one host with a name.
     *
     * @throws FleetException as {@link #one}
     */
    static CellKey<String> host(FleetState state, String name, Optional<Integer> cell) {
        return one("host", state.inventories(), name, cell).getKey();
    }

    /** @throws FleetException NOT_FOUND where the cell has no host of that name */
    static void requireHost(FleetState state, int cell, String name) {
        var _ = host(state, name, Optional.of(cell));
    }

    /**
     * The cells of the fleet, or the one that was said.
     *
     * @throws FleetException NOT_FOUND where there is no such cell
     */
    static List<Integer> cells(int count, Optional<Integer> cell) {
        if (cell.filter(number -> number < 0 || number >= count).isPresent()) {
            throw new FleetException(
                    FleetError.NOT_FOUND,
                    "there is no cell %d: the fleet has %s"
                            .formatted(cell.get(), count == 1 ? "only cell 0" : "cells 0 to " + (count - 1)));
        }
        return cell.map(List::of)
                .orElseGet(() ->
                        Stream.iterate(0, number -> number + 1).limit(count).toList());
    }
}
