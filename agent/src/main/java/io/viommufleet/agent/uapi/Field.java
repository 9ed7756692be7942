package io.viommufleet.agent.uapi;

/**
 * A field of a uapi struct.
 *
 * @param name as in the header
 * @param offset in the struct, in bytes
 * @param bytes width: 1, 2, 4 or 8
 * @param use who fills it
 */
public record Field(String name, int offset, int bytes, Use use) {
    /** Who fills a field. */
    public enum Use {
        /** The caller. */
        IN,
        /** The kernel. */
        OUT,
        /** The caller, then the kernel. */
        IN_OUT
    }

    /** Whether the caller fills it. */
    public boolean isInput() {
        return use != Use.OUT;
    }

    /** Whether the kernel fills it. */
    public boolean isOutput() {
        return use != Use.IN;
    }

    int end() {
        return offset + bytes;
    }
}
