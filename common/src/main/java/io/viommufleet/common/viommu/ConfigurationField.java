package io.viommufleet.common.viommu;

/**
 * A field of the canonical configuration with its value, as a reason for a decision: {@code viommus[0].fsts} is
 * {@code on}.
 */
public record ConfigurationField(String path, String value) {}
