package io.viommufleet.common.wire;

/**
 * What is wrong in a tree of keys and values.
 *
 * @param path where, such as {@code spec.devices[0].match.bdf}; empty for the whole
 * @param value what stands there, shortened; empty where nothing does
 * @param message what is wrong and what is allowed
 */
public record TreeError(String path, String value, String message) {
    /** The error in one line. */
    @Override
    public String toString() {
        return path.isEmpty() ? message : path + ": " + message;
    }
}
