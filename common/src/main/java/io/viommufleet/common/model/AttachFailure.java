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
public record AttachFailure(AttachStep step, Optional<String> ioctl, Optional<String> errno, String reason) {}
