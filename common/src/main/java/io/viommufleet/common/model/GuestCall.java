package io.viommufleet.common.model;

import java.util.Optional;

/**
 * Kernel calls that a guest's step led to: the same call with the same end several times in a row is told once.
 *
 * @param name of the ioctl
 * @param times how often, from 1
 * @param errno of its failure by name; empty when it succeeded
 */
public record GuestCall(String name, int times, Optional<String> errno) {
    /** {@code HWPT_ALLOC}, {@code IOAS_MAP x3}, {@code HWPT_INVALIDATE EIO}. */
    public String words() {
        return name
                + (times > 1 ? " x" + times : "")
                + errno.map(error -> " " + error).orElse("");
    }
}
