package io.viommufleet.controller.placement;

import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;

/**
 * One object for each distinct key, for as long as somebody uses it.
 *
 * @param <K> what makes two objects alike
 * @param <V> the object that all who are alike share
 */
final class Interner<K, V> {
    private final Map<K, Shared<V>> shared = new HashMap<>();

    private static final class Shared<V> {
        private final V value;
        private int users;

        Shared(V value) {
            this.value = value;
        }
    }

    /** The object of a key, made on first use; each acquire needs its {@link #release}. */
    V acquire(K key, Function<K, V> make) {
        Shared<V> entry = shared.computeIfAbsent(key, absent -> new Shared<>(make.apply(absent)));
        entry.users++;
        return entry.value;
    }

    /** Gives one use back; true where it was the last, and the object is forgotten. */
    boolean release(K key) {
        Shared<V> entry = Objects.requireNonNull(shared.get(key), "released more often than acquired");
        entry.users--;
        if (entry.users == 0) {
            shared.remove(key);
            return true;
        }
        return false;
    }
}
