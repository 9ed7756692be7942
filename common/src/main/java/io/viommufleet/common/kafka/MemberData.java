package io.viommufleet.common.kafka;

import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * The bytes that members of the group of controllers exchange beside Kafka's own: a version, then lists of cells, each with
 * its length before it. What another program wrote and this one cannot read counts as nothing said.
 */
final class MemberData {
    private static final short VERSION = 1;
    private static final int MOST_CELLS = 1 << 16;

    private MemberData() {}

    static ByteBuffer write(List<? extends Collection<Integer>> lists) {
        int numbers = lists.stream().mapToInt(list -> 1 + list.size()).sum();
        ByteBuffer bytes = ByteBuffer.allocate(Short.BYTES + numbers * Integer.BYTES);
        bytes.putShort(VERSION);
        lists.forEach(list -> {
            bytes.putInt(list.size());
            list.forEach(bytes::putInt);
        });
        return bytes.flip();
    }

    /** So many lists of cells; all empty where nothing was said. */
    static List<Set<Integer>> read(@Nullable ByteBuffer data, int lists) {
        return tryRead(data, lists).orElseGet(() -> {
            List<Set<Integer>> nothing = new ArrayList<>();
            for (int list = 0; list < lists; list++) {
                nothing.add(Set.of());
            }
            return nothing;
        });
    }

    private static Optional<List<Set<Integer>>> tryRead(@Nullable ByteBuffer data, int lists) {
        if (data == null) {
            return Optional.empty();
        }
        try {
            ByteBuffer bytes = data.duplicate();
            if (bytes.getShort() != VERSION) {
                return Optional.empty();
            }
            List<Set<Integer>> all = new ArrayList<>();
            for (int list = 0; list < lists; list++) {
                all.add(readCells(bytes));
            }
            return Optional.of(all);
        } catch (BufferUnderflowException _) {
            return Optional.empty();
        }
    }

    private static Set<Integer> readCells(ByteBuffer bytes) {
        int size = bytes.getInt();
        if (size < 0 || size > MOST_CELLS) {
            throw new BufferUnderflowException();
        }
        Set<Integer> cells = new TreeSet<>();
        for (int index = 0; index < size; index++) {
            cells.add(bytes.getInt());
        }
        return cells;
    }
}
