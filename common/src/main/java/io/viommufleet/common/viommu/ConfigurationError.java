package io.viommufleet.common.viommu;

/**
 * Why a configuration is refused.
 *
 * @param property the path of the field, such as {@code viommus[0].fsts}; indices are those of the user's own order
 * @param value what it says
 * @param rule the name of the rule that it breaks
 * @param message what is wrong, what is allowed and what to do, in a sentence
 */
public record ConfigurationError(String property, String value, String rule, String message) {}
