package io.viommufleet.common.observe;

/**
 * The answer to one question about a role's health.
 *
 * @param name of the question, such as {@code caught-up}
 * @param ok whether all is well
 * @param detail in words
 */
public record Check(String name, boolean ok, String detail) {}
