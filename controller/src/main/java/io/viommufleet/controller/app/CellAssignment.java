package io.viommufleet.controller.app;

import io.viommufleet.common.kafka.GroupReader;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.IntFunction;
import java.util.function.Predicate;
import java.util.function.Supplier;
import java.util.stream.Collectors;

/** Runs a loop for every cell that the group gives this controller to lead or to follow. */
final class CellAssignment implements GroupReader.Listener, AutoCloseable {
    private final IntFunction<CellLoop> start;
    private final Supplier<Set<Integer>> refused;
    private final Map<Integer, CellLoop> loops = new ConcurrentHashMap<>();

    /**
     * None yet.
     *
     * @param start makes the loop of a cell, which follows at first
     * @param refused the cells that this controller found it cannot lead
     */
    CellAssignment(IntFunction<CellLoop> start, Supplier<Set<Integer>> refused) {
        this.start = start;
        this.refused = refused;
    }

    @Override
    public void settled(Set<Integer> led, Set<Integer> standby) {
        end(loops.keySet().stream()
                .filter(cell -> !led.contains(cell) && !standby.contains(cell))
                .toList());
        led.forEach(cell -> loop(cell).lead());
        standby.stream()
                .filter(cell -> !led.contains(cell))
                .forEach(cell -> loop(cell).follow());
    }

    private CellLoop loop(int cell) {
        return loops.computeIfAbsent(cell, start::apply);
    }

    @Override
    public void revoked(Collection<Integer> cells) {
        end(cells);
    }

    private void end(Collection<Integer> cells) {
        List<CellLoop> ending =
                cells.stream().map(loops::remove).filter(Objects::nonNull).toList();
        ending.forEach(CellLoop::stop);
        ending.forEach(CellLoop::close);
    }

    /** The cells that are to be led here. */
    Set<Integer> cells() {
        return cellsWhere(CellLoop::isToLead);
    }

    @Override
    public Set<Integer> followed() {
        return cellsWhere(CellLoop::isStandby);
    }

    @Override
    public Set<Integer> refused() {
        return refused.get();
    }

    /** Whether a cell waits for the group to say once more that it is to be led here. */
    boolean asksForWord() {
        return loops.values().stream().anyMatch(CellLoop::asksForWord);
    }

    private Set<Integer> cellsWhere(Predicate<CellLoop> holds) {
        return loops.entrySet().stream()
                .filter(entry -> holds.test(entry.getValue()))
                .map(Map.Entry::getKey)
                .collect(Collectors.toSet());
    }

    @Override
    public void close() {
        end(List.copyOf(loops.keySet()));
    }
}
