package io.viommufleet.common.wire;

import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * What became of reading a tree: the value, or every error in it.
 *
 * @param value present exactly when there are no errors
 * @param errors why it cannot be read
 */
public record TreeResult<T>(Optional<T> value, List<TreeError> errors) {
    public TreeResult {
        errors = List.copyOf(errors);
    }

    /** The errors, or without any the value. */
    static <T> TreeResult<T> of(List<TreeError> errors, Supplier<T> value) {
        if (!errors.isEmpty()) {
            return new TreeResult<>(Optional.empty(), errors);
        }
        try {
            return new TreeResult<>(Optional.of(value.get()), List.of());
        } catch (IllegalArgumentException refused) {
            return new TreeResult<>(
                    Optional.empty(), List.of(new TreeError("", "", String.valueOf(refused.getMessage()))));
        }
    }
}
