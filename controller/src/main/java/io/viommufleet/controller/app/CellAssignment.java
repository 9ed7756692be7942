package io.viommufleet.controller.app;

import io.viommufleet.common.kafka.GroupReader;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.IntFunction;

/** Runs a loop for every cell that Kafka's group assignment gives to this controller. */
final class CellAssignment implements GroupReader.Listener, AutoCloseable {
    private final IntFunction<CellLoop> start;
    private final Map<Integer, CellLoop> loops = new ConcurrentHashMap<>();

    CellAssignment(IntFunction<CellLoop> start) {
        this.start = start;
    }

    @Override
    public void assigned(Collection<Integer> cells) {
        cells.forEach(cell -> loops.computeIfAbsent(cell, start::apply));
    }

    @Override
    public void revoked(Collection<Integer> cells) {
        cells.forEach(cell -> {
            CellLoop loop = loops.remove(cell);
            if (loop != null) {
                loop.close();
            }
        });
    }

    /** The cells that are assigned here. */
    Collection<Integer> cells() {
        return loops.keySet();
    }

    @Override
    public void close() {
        revoked(List.copyOf(loops.keySet()));
    }
}
