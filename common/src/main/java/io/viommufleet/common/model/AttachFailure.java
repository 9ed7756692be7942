package io.viommufleet.common.model;

import java.util.Optional;

/**
 * Why an attach or a detach failed.
 *
 * @param step of the attach path
 * @param ioctl the call that failed, by its kernel name, or empty where a check of the VMM refused
 * @param errno its error by name (EOPNOTSUPP), or empty likewise
 * @param reason in words, with the values of both sides
 */
public record AttachFailure(AttachStep step, Optional<String> ioctl, Optional<String> errno, String reason) {
    /** The failure in one line: {@code HWPT_ALLOC EOPNOTSUPP: scalable mode is off}. */
    public String words() {
        String call = ioctl.filter(name -> !name.equals(step.name()) && !name.endsWith("_" + step.name()))
                .map(name -> " " + name)
                .orElse("");
        return "%s%s%s: %s".formatted(step, call, errno.map(name -> " " + name).orElse(""), reason);
    }
}
