package io.viommufleet.common.viommu;

import java.util.Arrays;
import java.util.Collection;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Looking up things by the names that users write. */
public final class Names {
    private Names() {}

    static <E> Optional<E> find(E[] values, Function<E, String> name, String text) {
        return find(Arrays.asList(values), name, text);
    }

    static <E> Optional<E> find(Collection<E> values, Function<E, String> name, String text) {
        return values.stream().filter(value -> name.apply(value).equals(text)).findFirst();
    }

    /** The values as they appear in an error message: {@code a, b, c}. */
    public static String list(Stream<?> values) {
        return values.map(Object::toString).collect(Collectors.joining(", "));
    }

    /** The known name nearest to {@code written}, unless nothing is near: more than half of the letters differ. */
    public static Optional<String> nearest(String written, Collection<String> known) {
        return known.stream()
                .min((a, b) -> Integer.compare(distance(written, a), distance(written, b)))
                .filter(name -> distance(written, name) <= Math.max(written.length(), name.length()) / 2);
    }

    /** Levenshtein's distance: how many letters to insert, delete or replace. */
    private static int distance(String a, String b) {
        int[] previous = new int[b.length() + 1];
        Arrays.setAll(previous, j -> j);
        for (int i = 1; i <= a.length(); i++) {
            int[] current = new int[b.length() + 1];
            current[0] = i;
            for (int j = 1; j <= b.length(); j++) {
                int replaced = previous[j - 1] + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
                current[j] = Math.min(replaced, 1 + Math.min(previous[j], current[j - 1]));
            }
            previous = current;
        }
        return previous[b.length()];
    }
}
